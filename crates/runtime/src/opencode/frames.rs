//! OpenCode's words as it sends them: the events of its stream and the answers of its API. Only what turns need is read; an event
//! of another kind, or one that has changed its shape, is [`Event::Other`].

use cowork_domain::runtime_event::{Question, Todo};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// One event of the stream.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// Something to check by: it comes every 10 s.
    Heartbeat,
    Status(StatusChange),
    Idle(Of),
    Failed(SessionFailure),
    Created(SessionCreated),
    Message(MessageUpdate),
    Part(PartUpdate),
    Delta(Delta),
    Permission(PermissionAsk),
    Question(QuestionAsk),
    Todos(TodoList),
    Other,
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

impl Event {
    /// Reads the data of one frame; nothing if it is no event at all.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let Frame { kind, properties } = serde_json::from_slice(data).ok()?;
        let event = match kind.as_str() {
            "server.heartbeat" => Some(Self::Heartbeat),
            "session.status" => as_a(properties).map(Self::Status),
            "session.idle" => as_a(properties).map(Self::Idle),
            "session.error" => as_a(properties).map(Self::Failed),
            "session.created" => as_a(properties).map(Self::Created),
            "message.updated" => as_a(properties).map(Self::Message),
            "message.part.updated" => as_a(properties).map(Self::Part),
            "message.part.delta" => as_a(properties).map(Self::Delta),
            "permission.asked" => as_a(properties).map(Self::Permission),
            "question.asked" => as_a(properties).map(Self::Question),
            "todo.updated" => as_a(properties).map(Self::Todos),
            _ => return Some(Self::Other),
        };
        if event.is_none() {
            tracing::debug!(kind, "an event of OpenCode has another shape than expected");
        }
        Some(event.unwrap_or(Self::Other))
    }
}

fn as_a<T: DeserializeOwned>(properties: Value) -> Option<T> {
    serde_json::from_value(properties).ok()
}

/// Something with an id.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Id {
    pub(super) id: String,
}

/// An event that says nothing but whose it is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Of {
    #[serde(rename = "sessionID")]
    pub(super) session: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct StatusChange {
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) status: Status,
}

/// What a session does.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Status {
    Busy,
    Idle,
    /// The model's provider failed, and the call is made again after a pause.
    Retry {
        attempt: u32,
        #[serde(default)]
        message: String,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SessionFailure {
    #[serde(rename = "sessionID", default)]
    pub(super) session: Option<String>,
    pub(super) error: Failed,
}

/// Why a session's work ended.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Failed {
    pub(super) name: String,
    #[serde(default)]
    pub(super) data: FailedData,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FailedData {
    pub(super) message: String,
    pub(super) status_code: Option<u16>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SessionCreated {
    pub(super) info: Session,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    #[serde(rename = "parentID", default)]
    pub(super) parent: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct MessageUpdate {
    pub(super) info: Message,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) role: String,
    #[serde(default)]
    pub(super) error: Option<Failed>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PartUpdate {
    pub(super) part: Part,
}

/// A piece of a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Part {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    #[serde(rename = "messageID")]
    pub(super) message: String,
    #[serde(flatten)]
    pub(super) content: PartContent,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum PartContent {
    Text {
        #[serde(default)]
        text: String,
        #[serde(default)]
        time: Option<Time>,
    },
    Reasoning,
    Tool {
        tool: String,
        #[serde(rename = "callID")]
        call: String,
        state: ToolState,
    },
    StepFinish {
        #[serde(default)]
        tokens: StepTokens,
        #[serde(default)]
        cost: f64,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Time {
    #[serde(default)]
    pub(super) end: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum ToolState {
    Pending,
    Running {
        #[serde(default)]
        input: Map<String, Value>,
    },
    Completed {
        #[serde(default)]
        input: Map<String, Value>,
        #[serde(default)]
        output: String,
        #[serde(default)]
        metadata: ToolMetadata,
    },
    Error {
        #[serde(default)]
        input: Map<String, Value>,
        #[serde(default)]
        error: String,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolMetadata {
    /// The exit status of a command.
    pub(super) exit: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct StepTokens {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
    pub(super) cache: CacheTokens,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct CacheTokens {
    pub(super) read: u64,
    pub(super) write: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Delta {
    #[serde(rename = "partID")]
    pub(super) part: String,
    pub(super) field: String,
    pub(super) delta: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PermissionAsk {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) permission: String,
    #[serde(default)]
    pub(super) patterns: Vec<String>,
    #[serde(default)]
    pub(super) metadata: Map<String, Value>,
    #[serde(default)]
    pub(super) tool: Option<ToolLink>,
}

/// Which tool call it is about.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ToolLink {
    #[serde(rename = "callID")]
    pub(super) call: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct QuestionAsk {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) questions: Vec<Question>,
    #[serde(default)]
    pub(super) tool: Option<ToolLink>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TodoList {
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) todos: Vec<Todo>,
}

/// The sessions that are at work; others are idle.
pub(super) type Statuses = HashMap<String, Status>;

/// Whether a session works.
pub(super) fn is_busy(statuses: &Statuses, session: &str) -> bool {
    statuses.get(session).is_some_and(|status| !matches!(status, Status::Idle))
}

/// A message with its parts.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct WholeMessage {
    pub(super) info: Message,
    #[serde(default)]
    pub(super) parts: Vec<Part>,
}

/// What the API says when it is asked instead of listened to.
#[derive(Debug)]
pub(super) struct State {
    pub(super) statuses: Statuses,
    pub(super) messages: Vec<WholeMessage>,
    pub(super) permissions: Vec<PermissionAsk>,
    pub(super) questions: Vec<QuestionAsk>,
    pub(super) children: Vec<Session>,
}
