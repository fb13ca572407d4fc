//! The 19 stored event types of a session, and the two that only streams carry (contract 01 §5).

mod artifact;
mod body;
mod project_source;
mod read;
mod sanitise;

pub use artifact::{ArtifactRecord, TOOL_ID, TOOL_NAME, inferred_kind};
pub use body::{Attachment, EventBody, ItemCounts, MessageMode, QuestionTool, TaskRunEvent, ToolCallEvent};
pub use project_source::{ProjectSource, ProjectSourceSummary};
pub use read::InvalidPayload;
pub(crate) use read::{read_item_counts, read_todos, read_tokens};

use crate::{ids::Sequence, timestamp::Timestamp};
use std::fmt;

/// The type of an event; its text is part of the wire contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described by its wire name and by `EventBody`")]
pub enum EventType {
    SessionCreated,
    SessionImported,
    ProjectSourceBound,
    PromptSubmitted,
    AssistantMessage,
    ToolCall,
    TaskRun,
    PermissionRequested,
    PermissionResolved,
    QuestionAsked,
    QuestionResolved,
    TodosUpdated,
    CostUpdated,
    ArtifactCreated,
    ArtifactUpdated,
    SessionStatus,
    SessionIdle,
    SessionAborted,
    RuntimeError,
    /// Only in streams: the client must fetch a snapshot.
    SnapshotRequired,
    /// Only in the delivery stream.
    ChannelDelivery,
}

impl EventType {
    /// All types in the order of the contract; the browser's `sessionEventTypes`.
    pub const ALL: [Self; 21] = [
        Self::SessionCreated,
        Self::SessionImported,
        Self::ProjectSourceBound,
        Self::PromptSubmitted,
        Self::AssistantMessage,
        Self::ToolCall,
        Self::TaskRun,
        Self::PermissionRequested,
        Self::PermissionResolved,
        Self::QuestionAsked,
        Self::QuestionResolved,
        Self::TodosUpdated,
        Self::CostUpdated,
        Self::ArtifactCreated,
        Self::ArtifactUpdated,
        Self::SessionStatus,
        Self::SessionIdle,
        Self::SessionAborted,
        Self::RuntimeError,
        Self::SnapshotRequired,
        Self::ChannelDelivery,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionCreated => "session.created",
            Self::SessionImported => "session.imported",
            Self::ProjectSourceBound => "session.project_source.bound",
            Self::PromptSubmitted => "prompt.submitted",
            Self::AssistantMessage => "assistant.message",
            Self::ToolCall => "tool.call",
            Self::TaskRun => "task.run",
            Self::PermissionRequested => "permission.requested",
            Self::PermissionResolved => "permission.resolved",
            Self::QuestionAsked => "question.asked",
            Self::QuestionResolved => "question.resolved",
            Self::TodosUpdated => "todos.updated",
            Self::CostUpdated => "cost.updated",
            Self::ArtifactCreated => "artifact.created",
            Self::ArtifactUpdated => "artifact.updated",
            Self::SessionStatus => "session.status",
            Self::SessionIdle => "session.idle",
            Self::SessionAborted => "session.aborted",
            Self::RuntimeError => "runtime.error",
            Self::SnapshotRequired => "snapshot.required",
            Self::ChannelDelivery => "channel.delivery",
        }
    }

    /// The type with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event_type| event_type.as_str() == name)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An event at its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEvent {
    /// Its place: dense from 1.
    pub sequence: Sequence,
    /// When it happened; may lie in the past for imports. The sequence is authoritative.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}
