//! The payloads of the stored event types, typed (contract 01 §5).
//!
//! Serialising a body gives the payload that goes to the database and to every subscriber.

use super::{ArtifactRecord, EventType, ProjectSource};
use crate::{
    ids::CommandId,
    runtime_event::{Question, TaskStatus, Todo, Tokens, ToolStatus},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What happened, one variant per stored type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub enum EventBody {
    /// The first event of every session.
    SessionCreated {
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(skip_serializing_if = "is_false")]
        runtime_pending: bool,
    },
    /// The session is the copy of a local one.
    SessionImported {
        source_fingerprint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        imported_at: Option<Timestamp>,
        item_counts: ItemCounts,
    },
    /// What the agent works on.
    ProjectSourceBound { project_source: ProjectSource },
    /// A prompt reached the agent.
    PromptSubmitted {
        #[serde(skip_serializing_if = "Option::is_none")]
        command_id: Option<CommandId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        attachments: Option<Vec<Attachment>>,
        #[serde(skip_serializing_if = "is_false")]
        imported: bool,
    },
    /// Text of the agent: a piece to append, or all of a message.
    AssistantMessage {
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        content: String,
        #[serde(skip_serializing_if = "MessageMode::is_replace")]
        mode: MessageMode,
        #[serde(skip_serializing_if = "Option::is_none")]
        attachments: Option<Vec<Attachment>>,
        #[serde(skip_serializing_if = "is_false")]
        imported: bool,
    },
    /// A tool call started, progressed or ended.
    ToolCall(ToolCallEvent),
    /// A delegated run as a whole.
    TaskRun(TaskRunEvent),
    /// The agent needs a person's consent.
    PermissionRequested {
        permission_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        input: Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        task_run_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source_session_id: Option<String>,
    },
    /// Consent was given or refused.
    PermissionResolved {
        #[serde(skip_serializing_if = "Option::is_none")]
        command_id: Option<CommandId>,
        permission_id: String,
        allowed: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// The agent asks the user.
    QuestionAsked {
        request_id: String,
        questions: Vec<Question>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<QuestionTool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source_session_id: Option<String>,
    },
    /// A question was answered or refused.
    QuestionResolved {
        #[serde(skip_serializing_if = "Option::is_none")]
        command_id: Option<CommandId>,
        request_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        answers: Option<Vec<Value>>,
        #[serde(skip_serializing_if = "is_false")]
        rejected: bool,
    },
    /// The to-do list as a whole.
    TodosUpdated { todos: Vec<Todo> },
    /// What a model call added to the bill.
    CostUpdated {
        cost: f64,
        tokens: Tokens,
        #[serde(skip_serializing_if = "is_false")]
        imported: bool,
    },
    /// A file that the user can fetch.
    ArtifactCreated(ArtifactRecord),
    /// Its new state.
    ArtifactUpdated(ArtifactRecord),
    /// The session runs or rests.
    SessionStatus {
        status_type: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(skip_serializing_if = "is_false")]
        preserve_error: bool,
    },
    /// The turn is done.
    SessionIdle {
        #[serde(skip_serializing_if = "is_false")]
        imported: bool,
        #[serde(skip_serializing_if = "is_false")]
        preserve_error: bool,
    },
    /// The turn was stopped.
    SessionAborted {
        #[serde(skip_serializing_if = "Option::is_none")]
        command_id: Option<CommandId>,
    },
    /// The turn failed.
    RuntimeError {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        command_id: Option<CommandId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
}

impl EventBody {
    /// The type under which it is stored.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::SessionCreated { .. } => EventType::SessionCreated,
            Self::SessionImported { .. } => EventType::SessionImported,
            Self::ProjectSourceBound { .. } => EventType::ProjectSourceBound,
            Self::PromptSubmitted { .. } => EventType::PromptSubmitted,
            Self::AssistantMessage { .. } => EventType::AssistantMessage,
            Self::ToolCall(_) => EventType::ToolCall,
            Self::TaskRun(_) => EventType::TaskRun,
            Self::PermissionRequested { .. } => EventType::PermissionRequested,
            Self::PermissionResolved { .. } => EventType::PermissionResolved,
            Self::QuestionAsked { .. } => EventType::QuestionAsked,
            Self::QuestionResolved { .. } => EventType::QuestionResolved,
            Self::TodosUpdated { .. } => EventType::TodosUpdated,
            Self::CostUpdated { .. } => EventType::CostUpdated,
            Self::ArtifactCreated(_) => EventType::ArtifactCreated,
            Self::ArtifactUpdated(_) => EventType::ArtifactUpdated,
            Self::SessionStatus { .. } => EventType::SessionStatus,
            Self::SessionIdle { .. } => EventType::SessionIdle,
            Self::SessionAborted { .. } => EventType::SessionAborted,
            Self::RuntimeError { .. } => EventType::RuntimeError,
        }
    }

    /// The payload as JSON text; made once, and the same bytes go everywhere.
    pub fn payload(&self) -> String {
        serde_json::to_string(self).expect("a payload has text keys and no fallible serialiser")
    }

    /// Bytes of what is long in it, if anything is: what people and agents said, what tools answered, and files that lie inside.
    pub fn text_length(&self) -> usize {
        let files = |attachments: &Option<Vec<Attachment>>| {
            attachments.as_deref().unwrap_or_default().iter().map(|attachment| attachment.url.len()).sum::<usize>()
        };
        match self {
            Self::PromptSubmitted { text, attachments, .. } => text.len() + files(attachments),
            Self::AssistantMessage { content, attachments, .. } => content.len() + files(attachments),
            Self::ToolCall(call) => call.output.as_deref().map_or(0, str::len) + files(&call.attachments),
            Self::TaskRun(run) => run.content.len(),
            _ => 0,
        }
    }

    /// The command that caused it, as its payload says.
    pub const fn command_id(&self) -> Option<CommandId> {
        match self {
            Self::PromptSubmitted { command_id, .. }
            | Self::PermissionResolved { command_id, .. }
            | Self::QuestionResolved { command_id, .. }
            | Self::SessionAborted { command_id }
            | Self::RuntimeError { command_id, .. } => *command_id,
            _ => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How an assistant message's content is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageMode {
    /// It is all of the message.
    #[default]
    Replace,
    /// It follows what the message already holds.
    Append,
}

impl MessageMode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    const fn is_replace(&self) -> bool {
        matches!(self, Self::Replace)
    }
}

/// A tool call as an event reports it; what is absent keeps its former value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ToolCallEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub input: Map<String, Value>,
    pub status: ToolStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_paths: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_run_id: Option<String>,
}

/// A delegated run as an event reports it; it replaces the former record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct TaskRunEvent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    pub status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_session_id: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub session_cost: f64,
    pub session_tokens: Tokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// A file shown beside a message or a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Attachment {
    pub mime: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
}

/// Which tool call asks a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct QuestionTool {
    pub message_id: String,
    pub call_id: String,
}

/// How much a local session held, as its client counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ItemCounts {
    pub messages: u64,
    pub artifacts: u64,
    pub attachments: u64,
    pub project_source: u64,
    pub excluded: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_those_of_the_contract() {
        let created = EventBody::SessionCreated { title: Some("New session".into()), runtime_pending: true };
        assert_eq!(created.payload(), r#"{"title":"New session","runtimePending":true}"#);
        let piece = EventBody::AssistantMessage {
            message_id: Some("m".into()),
            content: "Hi".into(),
            mode: MessageMode::Append,
            attachments: None,
            imported: false,
        };
        assert_eq!(piece.payload(), r#"{"messageId":"m","content":"Hi","mode":"append"}"#);
    }
}
