//! What a turn has begun and not ended.

use crate::{
    event::{EventBody, TaskRunEvent, ToolCallEvent},
    projection::{Projection, TaskRun, ToolCall},
    runtime_event::{TaskStatus, Tokens, ToolStatus},
};
use serde_json::Map;

#[derive(Debug, PartialEq)]
struct OpenTool {
    id: String,
    name: Option<String>,
    task_run: Option<String>,
}

/// Running tool calls and runs, and what waits for a person.
#[derive(Debug, Default)]
pub(super) struct OpenWork {
    tools: Vec<OpenTool>,
    tasks: Vec<TaskRunEvent>,
    approvals: Vec<String>,
    questions: Vec<String>,
}

impl OpenWork {
    pub(super) fn of(projection: &Projection) -> Self {
        let tools_of = |calls: &[ToolCall], task_run: Option<&TaskRun>| {
            let running = calls.iter().filter(|call| call.status == ToolStatus::Running);
            let open = running.map(|call| OpenTool {
                id: call.id.clone(),
                name: Some(call.name.clone()),
                task_run: task_run.map(|run| run.id.clone()),
            });
            open.collect::<Vec<_>>()
        };
        let mut tools = tools_of(projection.tool_calls(), None);
        tools.extend(projection.task_runs().iter().flat_map(|run| tools_of(&run.tool_calls, Some(run))));
        let tasks = projection.task_runs().iter().filter(|run| is_open(run.status));
        Self {
            tools,
            tasks: tasks.map(reported).collect(),
            approvals: projection.pending_approvals().iter().map(|approval| approval.id.clone()).collect(),
            questions: projection.pending_questions().iter().map(|question| question.id.clone()).collect(),
        }
    }

    /// Takes note of an event that isn't folded yet.
    pub(super) fn note(&mut self, body: &EventBody) {
        match body {
            EventBody::ToolCall(ToolCallEvent { id: Some(id), name, task_run_id, status, .. }) => {
                let known = self.tools.iter().position(|tool| tool.id == *id && tool.task_run == *task_run_id);
                let former = known.map(|place| self.tools.remove(place));
                if *status == ToolStatus::Running {
                    let name = name.clone().or_else(|| former.and_then(|tool| tool.name));
                    self.tools.push(OpenTool { id: id.clone(), name, task_run: task_run_id.clone() });
                }
            }
            EventBody::TaskRun(run) => {
                // Its record is replaced, and with it the tool calls that it held.
                self.tools.retain(|tool| tool.task_run.is_none() || tool.task_run != run.id);
                self.tasks.retain(|task| task.id != run.id);
                if is_open(run.status) {
                    self.tasks.push(run.clone());
                }
            }
            EventBody::PermissionRequested { permission_id, .. } if !self.approvals.contains(permission_id) => {
                self.approvals.push(permission_id.clone());
            }
            EventBody::PermissionResolved { permission_id, .. } => self.approvals.retain(|id| id != permission_id),
            EventBody::QuestionAsked { request_id, .. } if !self.questions.contains(request_id) => {
                self.questions.push(request_id.clone());
            }
            EventBody::QuestionResolved { request_id, .. } => self.questions.retain(|id| id != request_id),
            _ => {}
        }
    }

    /// The events that end all of it.
    pub(super) fn closing_events(self, why: &str) -> Vec<EventBody> {
        let Self { tools, tasks, approvals, questions } = self;
        let tools = tools.into_iter().map(|tool| {
            EventBody::ToolCall(ToolCallEvent {
                id: Some(tool.id),
                name: tool.name,
                input: Map::new(),
                status: ToolStatus::Error,
                output: Some(why.to_owned()),
                output_paths: None,
                attachments: None,
                agent: None,
                source_session_id: None,
                task_run_id: tool.task_run,
            })
        });
        let tasks = tasks
            .into_iter()
            .map(|task| EventBody::TaskRun(TaskRunEvent { status: TaskStatus::Error, error: Some(why.to_owned()), ..task }));
        let approvals = approvals.into_iter().map(|permission_id| EventBody::PermissionResolved {
            command_id: None,
            permission_id,
            allowed: false,
            tool: None,
            description: None,
        });
        let questions = questions.into_iter().map(|request_id| EventBody::QuestionResolved {
            command_id: None,
            request_id,
            answers: None,
            rejected: true,
        });
        tools.chain(tasks).chain(approvals).chain(questions).collect()
    }
}

const fn is_open(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Queued | TaskStatus::Running)
}

/// A run as an event would report it.
fn reported(run: &TaskRun) -> TaskRunEvent {
    TaskRunEvent {
        id: Some(run.id.clone()),
        title: Some(run.title.clone()),
        agent: run.agent.clone(),
        status: run.status,
        source_session_id: run.source_session_id.clone(),
        parent_session_id: run.parent_session_id.clone(),
        content: run.content.clone(),
        error: run.error.clone(),
        session_cost: run.session_cost,
        session_tokens: Tokens { ..run.session_tokens },
        started_at: run.started_at.clone(),
        finished_at: run.finished_at.clone(),
    }
}
