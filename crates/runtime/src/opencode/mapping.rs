//! OpenCode's events as ours. Pure: what comes in twice has one effect, so that the state that is read after a break of the stream
//! can simply be mapped again.

use super::{
    failures,
    frames::{Event, Failed, Part, PartContent, PermissionAsk, QuestionAsk, State, Status, ToolState, is_busy},
};
use crate::native::failure::Failure;
use cowork_domain::runtime_event::{RuntimeEvent, TaskReport, TaskStatus, Tokens, ToolReport, ToolStatus};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What an event means for the turn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// More text of a message.
    Text { message: String, delta: String },
    /// A message is complete.
    TextDone { message: String },
    /// What was streamed of a message doesn't count any more.
    TextAgain { message: String },
    /// To be reported as it is.
    Report(RuntimeEvent),
    /// A person has to allow something, unless the organisation's policy says more of this permission.
    Permission { id: String, permission: String, report: RuntimeEvent },
    /// A person has to answer, this many questions.
    Question { id: String, report: RuntimeEvent },
    /// The provider failed this often in a row, and is tried again.
    Retry { failures: u32, reason: String },
    /// The session came to rest, after it worked.
    Idle,
}

/// One turn as OpenCode tells it.
#[derive(Debug)]
pub(super) struct Mapping {
    session: String,
    /// Sub-sessions: what their agents ask, a person answers, too.
    children: HashSet<String>,
    /// Messages that the agent writes; the others are the person's own.
    answers: HashSet<String>,
    parts: HashMap<String, Known>,
    tools: HashMap<String, Tool>,
    /// Parts and requests that were mapped and say nothing new.
    done: HashSet<String>,
    messages: u32,
    /// The message of a try that failed; the next text replaces it.
    again: Option<String>,
    worked: bool,
    failure: Option<Failure>,
}

/// A part of which more may come.
#[derive(Debug)]
enum Known {
    Text {
        message: String,
        text: String,
    },
    /// Its deltas look like text, and are none of the answer.
    Hidden,
}

#[derive(Debug)]
struct Tool {
    part: String,
    name: String,
    input: Map<String, Value>,
    running: bool,
}

impl Mapping {
    pub(super) fn new(session: &str) -> Self {
        Self {
            session: session.to_owned(),
            children: HashSet::new(),
            answers: HashSet::new(),
            parts: HashMap::new(),
            tools: HashMap::new(),
            done: HashSet::new(),
            messages: 0,
            again: None,
            worked: false,
            failure: None,
        }
    }

    /// Why the turn failed, if it did. Known at the latest when it is idle.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether a tool works now, which may take long without an event.
    pub(super) fn runs_tools(&self) -> bool {
        self.tools.values().any(|tool| tool.running)
    }

    /// Whether an event is about this turn.
    pub(super) fn concerns(&self, event: &Event) -> bool {
        let session = match event {
            Event::Status(status) => &status.session,
            Event::Idle(of) => &of.session,
            Event::Message(message) => &message.info.session,
            Event::Part(part) => &part.part.session,
            Event::Permission(ask) => &ask.session,
            Event::Question(ask) => &ask.session,
            Event::Todos(todos) => &todos.session,
            Event::Delta(delta) => return self.parts.contains_key(&delta.part),
            Event::Created(created) => return created.info.parent.as_ref().is_some_and(|parent| self.is_ours(parent)),
            Event::Failed(failure) => return failure.session.as_ref().is_some_and(|session| *session == self.session),
            Event::Heartbeat | Event::Other => return false,
        };
        self.is_ours(session)
    }

    fn is_ours(&self, session: &str) -> bool {
        session == self.session || self.children.contains(session)
    }

    /// What follows from an event.
    pub(super) fn take(&mut self, event: Event) -> Vec<Step> {
        if !self.concerns(&event) {
            return Vec::new();
        }
        match event {
            Event::Status(change) if change.session == self.session => self.status(change.status),
            Event::Idle(of) if of.session == self.session => self.idle(),
            Event::Failed(failure) => self.failed(&failure.error),
            Event::Created(created) => self.child(created.info.id),
            Event::Message(update) => {
                if update.info.role == "assistant" {
                    self.answers.insert(update.info.id);
                    if let Some(error) = update.info.error.filter(|_| update.info.session == self.session) {
                        return self.failed(&error);
                    }
                }
                Vec::new()
            }
            Event::Part(update) => self.part(update.part),
            Event::Delta(delta) if delta.field == "text" => self.delta(&delta.part, &delta.delta),
            Event::Permission(ask) => self.permission(ask),
            Event::Question(ask) => self.question(ask),
            Event::Todos(list) if list.session == self.session => {
                let todos = list.todos.into_iter().filter(|todo| !todo.content.trim().is_empty()).collect();
                vec![Step::Report(RuntimeEvent::Todos(todos))]
            }
            _ => Vec::new(),
        }
    }

    /// What follows from the whole state, after events may have been missed.
    pub(super) fn reconcile(&mut self, state: State) -> Vec<Step> {
        let mut steps = Vec::new();
        for child in state.children {
            steps.extend(self.child(child.id));
        }
        for message in state.messages {
            steps.extend(self.take(Event::Message(super::frames::MessageUpdate { info: message.info })));
            for part in message.parts {
                steps.extend(self.part(part));
            }
        }
        for ask in state.permissions.into_iter().filter(|ask| self.is_ours(&ask.session)).collect::<Vec<_>>() {
            steps.extend(self.permission(ask));
        }
        for ask in state.questions.into_iter().filter(|ask| self.is_ours(&ask.session)).collect::<Vec<_>>() {
            steps.extend(self.question(ask));
        }
        if !is_busy(&state.statuses, &self.session) {
            // An answer, or a failure, proves that it worked.
            self.worked |= !self.answers.is_empty() || self.failure.is_some();
            steps.extend(self.idle());
        }
        steps
    }

    fn status(&mut self, status: Status) -> Vec<Step> {
        match status {
            Status::Busy => {
                self.worked = true;
                Vec::new()
            }
            Status::Idle => self.idle(),
            Status::Retry { attempt, message } => {
                self.worked = true;
                let mut steps = self.withdraw_open_text();
                steps.push(Step::Retry { failures: attempt, reason: failures::quote(&message) });
                steps
            }
            Status::Unknown => Vec::new(),
        }
    }

    /// The rest before the work began is not its end.
    fn idle(&mut self) -> Vec<Step> {
        if self.worked { vec![Step::Idle] } else { Vec::new() }
    }

    fn failed(&mut self, error: &Failed) -> Vec<Step> {
        self.worked = true;
        self.failure.get_or_insert_with(|| failures::sort(error));
        Vec::new()
    }

    fn child(&mut self, session: String) -> Vec<Step> {
        self.children.insert(session);
        Vec::new()
    }

    /// The call is made again: what it streamed so far is replaced.
    fn withdraw_open_text(&mut self) -> Vec<Step> {
        let open = self.parts.iter().find_map(|(part, known)| match known {
            Known::Text { message, .. } if !self.done.contains(part) => Some((part.clone(), message.clone())),
            _ => None,
        });
        let Some((part, message)) = open else { return Vec::new() };
        self.done.insert(part.clone());
        self.parts.insert(part, Known::Hidden);
        self.again = Some(message.clone());
        vec![Step::TextAgain { message }]
    }

    fn part(&mut self, part: Part) -> Vec<Step> {
        if !self.answers.contains(&part.message) || self.done.contains(&part.id) {
            return Vec::new();
        }
        let is_main = part.session == self.session;
        match part.content {
            PartContent::Text { text, time } => {
                let ended = time.is_some_and(|time| time.end.is_some());
                if is_main {
                    return self.text(part.id, &text, ended);
                }
                // The words of a sub-agent come with its task's result.
                self.parts.insert(part.id, Known::Hidden);
                Vec::new()
            }
            PartContent::Reasoning => {
                self.parts.insert(part.id, Known::Hidden);
                Vec::new()
            }
            PartContent::Tool { tool, call, state } => self.tool(part.id, tool, call, state),
            PartContent::StepFinish { tokens, cost } => {
                self.done.insert(part.id);
                let tokens = Tokens {
                    input: tokens.input,
                    output: tokens.output,
                    reasoning: tokens.reasoning,
                    cache_read: tokens.cache.read,
                    cache_write: tokens.cache.write,
                };
                vec![Step::Report(RuntimeEvent::Cost { cost, tokens })]
            }
            PartContent::Other => Vec::new(),
        }
    }

    fn text(&mut self, part: String, text: &str, ended: bool) -> Vec<Step> {
        let (message, known) = match self.parts.remove(&part) {
            Some(Known::Text { message, text }) => (message, text),
            Some(hidden) => {
                self.parts.insert(part, hidden);
                return Vec::new();
            }
            None => (self.next_message(), String::new()),
        };
        let mut steps = Vec::new();
        let said = |delta: &str| Step::Text { message: message.clone(), delta: delta.to_owned() };
        match text.strip_prefix(known.as_str()) {
            Some("") => {}
            Some(more) => steps.push(said(more)),
            // White space at the end is cut when the text is complete.
            None if known.trim_end() == text.trim_end() => {}
            // While the stream was broken, some of it was missed or came twice. An update in mid-stream may also just be late.
            None if ended || text.len() > known.len() => steps.extend([Step::TextAgain { message: message.clone() }, said(text)]),
            None => {}
        }
        if ended {
            self.done.insert(part.clone());
            steps.push(Step::TextDone { message: message.clone() });
        }
        let text = if text.len() > known.len() { text.to_owned() } else { known };
        self.parts.insert(part, Known::Text { message, text });
        steps
    }

    fn next_message(&mut self) -> String {
        if let Some(again) = self.again.take() {
            return again;
        }
        self.messages += 1;
        format!("m{}", self.messages)
    }

    fn delta(&mut self, part: &str, delta: &str) -> Vec<Step> {
        match self.parts.get_mut(part) {
            Some(Known::Text { message, text }) if !self.done.contains(part) => {
                text.push_str(delta);
                vec![Step::Text { message: message.clone(), delta: delta.to_owned() }]
            }
            _ => Vec::new(),
        }
    }

    fn tool(&mut self, part: String, name: String, call: String, state: ToolState) -> Vec<Step> {
        let was_running = self.tools.get(&call).is_some_and(|tool| tool.running);
        let (input, status, output) = match state {
            ToolState::Running { input } if !was_running => (input, ToolStatus::Running, None),
            ToolState::Completed { input, output, metadata } => {
                let failed = metadata.exit.is_some_and(|exit| exit != 0);
                (input, if failed { ToolStatus::Error } else { ToolStatus::Complete }, Some(output))
            }
            ToolState::Error { input, error } => (input, ToolStatus::Error, Some(failures::tool_error(&error))),
            // A question may be asked before its call is said to run.
            ToolState::Pending => {
                self.tools.entry(call).or_insert(Tool { part, name, input: Map::new(), running: false });
                return Vec::new();
            }
            ToolState::Running { .. } | ToolState::Unknown => return Vec::new(),
        };
        let running = status == ToolStatus::Running;
        if !running {
            self.done.insert(part.clone());
        }
        let mut steps = Vec::new();
        if name == "task" {
            steps.push(Step::Report(RuntimeEvent::Task(task(&part, &input, status, output.as_deref()))));
        }
        let report = ToolReport { id: part.clone(), name: name.clone(), input: input.clone(), status, output };
        steps.insert(0, Step::Report(RuntimeEvent::Tool(report)));
        self.tools.insert(call, Tool { part, name, input, running });
        steps
    }

    fn permission(&mut self, ask: PermissionAsk) -> Vec<Step> {
        if !self.done.insert(ask.id.clone()) {
            return Vec::new();
        }
        let tool = ask.tool.as_ref().and_then(|link| self.tools.get(&link.call));
        let description = description(&ask);
        let (tool, input) = match tool {
            Some(tool) if !tool.input.is_empty() => (tool.name.clone(), tool.input.clone()),
            _ => (ask.permission.clone(), ask.metadata),
        };
        let report = RuntimeEvent::PermissionRequested { id: ask.id.clone(), tool, input, description };
        vec![Step::Permission { id: ask.id, permission: ask.permission, report }]
    }

    fn question(&mut self, ask: QuestionAsk) -> Vec<Step> {
        if !self.done.insert(ask.id.clone()) {
            return Vec::new();
        }
        let tool_call = ask.tool.as_ref().and_then(|link| self.tools.get(&link.call)).map(|tool| tool.part.clone());
        let report = RuntimeEvent::QuestionAsked { id: ask.id.clone(), questions: ask.questions, tool_call };
        vec![Step::Question { id: ask.id, report }]
    }
}

/// What a person reads before they decide.
fn description(ask: &PermissionAsk) -> String {
    let text = |key: &str| ask.metadata.get(key).and_then(Value::as_str);
    match ask.permission.as_str() {
        "bash" => format!("run: {}", text("command").map_or_else(|| ask.patterns.join("; "), str::to_owned)),
        "edit" => format!("change the file {}", text("filepath").map_or_else(|| ask.patterns.join(", "), in_workspace)),
        "external_directory" => format!("use files outside of the workspace: {}", ask.patterns.join(", ")),
        other => format!("{other}: {}", ask.patterns.join(", ")),
    }
}

/// A path as the person knows it.
fn in_workspace(path: &str) -> String {
    let below = path.strip_prefix(super::sandbox::WORKSPACES).and_then(|below| below.trim_start_matches('/').split_once('/'));
    below.map_or(path, |(_, below)| below).to_owned()
}

fn task(part: &str, input: &Map<String, Value>, status: ToolStatus, output: Option<&str>) -> TaskReport {
    let text = |key: &str| input.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let (status, content, error) = match status {
        ToolStatus::Running => (TaskStatus::Running, String::new(), None),
        ToolStatus::Complete => (TaskStatus::Complete, result(output.unwrap_or_default()).to_owned(), None),
        ToolStatus::Error => (TaskStatus::Error, String::new(), output.map(str::to_owned)),
    };
    let title = text("description").unwrap_or_else(|| "Task".to_owned());
    TaskReport { id: format!("task_{part}"), title, agent: text("subagent_type"), status, content, error }
}

/// A sub-agent's answer, without the marks around it.
fn result(output: &str) -> &str {
    let inside = output.split_once("<task_result>").and_then(|(_, rest)| rest.rsplit_once("</task_result>"));
    inside.map_or(output, |(result, _)| result).trim()
}

#[cfg(test)]
mod tests;
