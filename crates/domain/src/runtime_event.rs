//! What a runtime reports while it works on one turn. Runtimes never see the log: the session
//! decides which events these become.

use crate::provider::ProviderId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One report of a running turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RuntimeEvent {
    /// More of the answer, already coalesced (about 40 ms or 1 KiB; the first token at once).
    Text {
        /// Names the message within the turn; the session prefixes it with the command.
        message: String,
        /// The text to append.
        delta: String,
        /// The text replaces what this message held: the first piece after a retry.
        replace: bool,
    },
    /// A message of the answer is complete; `content` is its full text.
    TextDone {
        /// Names the message within the turn.
        message: String,
        /// The full text.
        content: String,
    },
    /// A tool call started, progressed or ended.
    Tool(ToolReport),
    /// The agent wants to do something that needs a person's consent.
    PermissionRequested {
        /// Unique within the session.
        id: String,
        /// The tool that asks.
        tool: String,
        /// What it wants to do.
        input: Map<String, Value>,
        /// One line for a person.
        description: String,
    },
    /// The agent asks the user.
    QuestionAsked {
        /// Unique within the session.
        id: String,
        /// What it asks.
        questions: Vec<Question>,
        /// The tool call that asks, if any.
        tool_call: Option<String>,
    },
    /// The to-do list as a whole.
    Todos(Vec<Todo>),
    /// What the last model call cost.
    Cost {
        /// US dollars.
        cost: f64,
        /// Tokens of that call.
        tokens: Tokens,
    },
    /// What a model call with the organisation's own key cost. It is shown like [`Cost`](Self::Cost), and counted as used.
    ModelCall {
        /// Whose model answered.
        provider: ProviderId,
        /// Its name at the provider.
        model: String,
        /// US dollars; 0 where nobody knows.
        cost: f64,
        /// Tokens of that call.
        tokens: Tokens,
    },
    /// A file that the user can fetch.
    Artifact {
        /// Unique within the session.
        id: String,
        /// Its name, without folders.
        filename: String,
        /// Path within the workspace.
        path: String,
        /// Media type.
        mime: String,
        /// Size in bytes.
        size: u64,
        /// Lowercase hex SHA-256 of the content.
        sha256: String,
    },
    /// A delegated run.
    Task(TaskReport),
    /// The provider failed and the runtime tries again within this turn.
    Retrying {
        /// The try that starts now, from 2.
        attempt: u32,
        /// Why, in a sentence without secrets.
        reason: String,
    },
    /// Something that a person should know; the turn goes on.
    Notice {
        /// A sentence without secrets.
        text: String,
    },
    /// The turn is done.
    Finished,
    /// The turn failed and will not be retried.
    Failed {
        /// Stable dotted code, for example `runtime.provider_unauthorized`.
        code: String,
        /// A sentence for a person, without secrets.
        message: String,
    },
}

/// State of a tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolReport {
    /// Unique within the session.
    pub id: String,
    /// Tool name.
    pub name: String,
    /// Arguments.
    pub input: Map<String, Value>,
    /// How far it is.
    pub status: ToolStatus,
    /// Result or error text.
    pub output: Option<String>,
}

/// How far a tool call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolStatus {
    /// Started.
    Running,
    /// Ended well.
    Complete,
    /// Ended with an error, or was cut off.
    Error,
}

/// State of a delegated run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    /// Unique within the session.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Which agent runs it.
    pub agent: Option<String>,
    /// How far it is.
    pub status: TaskStatus,
    /// Its transcript so far.
    pub content: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// How far a delegated run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Waits.
    Queued,
    /// Works.
    Running,
    /// Ended well.
    Complete,
    /// Ended with an error.
    Error,
}

/// One question with its options, as the clients show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// A short heading.
    #[serde(default)]
    pub header: String,
    /// The question; never empty.
    pub question: String,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<QuestionOption>,
    /// Several may be chosen.
    #[serde(default)]
    pub multiple: bool,
    /// A free answer is allowed.
    #[serde(default = "yes")]
    pub custom: bool,
}

fn yes() -> bool {
    true
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOption {
    /// The answer that is sent back.
    pub label: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
}

/// One line of the to-do list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    /// What is to be done; never empty.
    pub content: String,
    /// `pending`, `in_progress`, `completed`, `cancelled`; free text in the contract.
    pub status: String,
    /// `high`, `medium`, `low`; free text in the contract.
    pub priority: String,
    /// An id of the runtime, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Token counts of one or more model calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tokens {
    /// Prompt tokens.
    pub input: u64,
    /// Answer tokens.
    pub output: u64,
    /// Reasoning tokens.
    pub reasoning: u64,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's cache.
    pub cache_write: u64,
}

impl Tokens {
    /// All of a call that the broker counted: `input` without what the cache served or took, `output` with reasoning.
    pub fn total(&self) -> u64 {
        [self.input, self.output, self.cache_read, self.cache_write].into_iter().fold(0, u64::saturating_add)
    }
}

/// A person's answer to a permission request or a question, on its way into the runtime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// A permission was granted or denied.
    Permission {
        /// The request.
        id: String,
        /// Granted.
        allowed: bool,
    },
    /// A question was answered; one entry per question, whatever the client sent.
    Question {
        /// The request.
        id: String,
        /// The answers as they came.
        answers: Vec<Value>,
    },
    /// A question was rejected.
    QuestionRejected {
        /// The request.
        id: String,
    },
}
