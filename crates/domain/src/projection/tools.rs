//! Folding tool calls and delegated runs.

use super::{ById, Projection, TaskRun, ToolCall};
use crate::{
    event::{TaskRunEvent, ToolCallEvent},
    ids::Sequence,
    runtime_event::{TaskStatus, Tokens},
};

const TASK_TITLE: &str = "Task";
const TOOL_NAME: &str = "tool";

impl Projection {
    pub(super) fn tool_call(&mut self, event: &ToolCallEvent, sequence: Sequence) {
        self.works();
        let id = event.id.clone().unwrap_or_else(|| format!("{}:tool:{sequence}", self.session_id));
        let calls = match &event.task_run_id {
            None => &mut self.tool_calls,
            Some(task) => &mut self.task_run_at_work(task, sequence).tool_calls,
        };
        match calls.named(&id) {
            Some(call) => update(call, event),
            None => calls.push(ToolCall {
                id,
                name: event.name.clone().unwrap_or_else(|| TOOL_NAME.to_owned()),
                input: event.input.clone(),
                status: event.status,
                output: event.output.clone(),
                attachments: event.attachments.clone(),
                agent: event.agent.clone(),
                source_session_id: event.source_session_id.clone(),
                order: sequence,
            }),
        }
    }

    /// The run that a tool call belongs to: it is at work now, whatever was known of it.
    fn task_run_at_work(&mut self, id: &str, sequence: Sequence) -> &mut TaskRun {
        let place = self.task_runs.iter().rposition(|run| run.id == id).unwrap_or_else(|| {
            self.task_runs.push(TaskRun {
                id: id.to_owned(),
                title: TASK_TITLE.to_owned(),
                agent: None,
                status: TaskStatus::Running,
                source_session_id: None,
                parent_session_id: None,
                content: String::new(),
                transcript: Vec::new(),
                reasoning: None,
                tool_calls: ById::default(),
                compactions: Vec::new(),
                todos: Vec::new(),
                error: None,
                session_cost: 0.0,
                session_tokens: Tokens::default(),
                order: sequence,
                started_at: None,
                finished_at: None,
            });
            self.task_runs.len() - 1
        });
        let run = &mut self.task_runs[place];
        if run.status == TaskStatus::Queued {
            run.status = TaskStatus::Running;
        }
        run
    }

    /// A report of a run replaces its record, lists included; only its place and order stay.
    pub(super) fn task_run(&mut self, event: &TaskRunEvent, sequence: Sequence) {
        let id = event.id.clone().unwrap_or_else(|| format!("{}:task:{sequence}", self.session_id));
        let known = self.task_runs.iter_mut().rfind(|run| run.id == id);
        let run = TaskRun {
            id,
            title: event.title.clone().unwrap_or_else(|| TASK_TITLE.to_owned()),
            agent: event.agent.clone(),
            status: event.status,
            source_session_id: event.source_session_id.clone(),
            parent_session_id: event.parent_session_id.clone(),
            content: event.content.clone(),
            transcript: Vec::new(),
            reasoning: None,
            tool_calls: ById::default(),
            compactions: Vec::new(),
            todos: Vec::new(),
            error: event.error.clone(),
            session_cost: event.session_cost,
            session_tokens: event.session_tokens,
            order: known.as_ref().map_or(sequence, |run| run.order),
            started_at: event.started_at.clone(),
            finished_at: event.finished_at.clone(),
        };
        match known {
            Some(known) => *known = run,
            None => self.task_runs.push(run),
        }
    }
}

/// What the event leaves out keeps its former value.
fn update(call: &mut ToolCall, event: &ToolCallEvent) {
    if let Some(name) = &event.name {
        call.name.clone_from(name);
    }
    if !event.input.is_empty() {
        call.input.clone_from(&event.input);
    }
    if let Some(output) = &event.output {
        call.output = Some(output.clone());
    }
    if let Some(attachments) = &event.attachments {
        call.attachments = Some(attachments.clone());
    }
    call.status = event.status;
    call.agent = event.agent.clone().or_else(|| call.agent.take());
    call.source_session_id = event.source_session_id.clone().or_else(|| call.source_session_id.take());
}
