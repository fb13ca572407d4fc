//! The entries of a projection, as clients see them (contract 01 §1.3).

use super::{ById, Identified};
use crate::{
    event::{Attachment, ItemCounts, QuestionTool},
    ids::{Sequence, SessionId},
    runtime_event::{Question, TaskStatus, Tokens, ToolStatus},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the contract describes the roles")]
pub enum MessageRole {
    User,
    Assistant,
    System,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Message {
    pub id: String,
    pub role: MessageRole,
    pub content: String,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    /// Of the event that began it: its place among tool calls and requests, which carry the same number as `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub input: Map<String, Value>,
    pub status: ToolStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<Attachment>>,
    #[serde(default)]
    pub agent: Option<String>,
    #[serde(default)]
    pub source_session_id: Option<String>,
    pub order: Sequence,
}

impl Identified for Message {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for ToolCall {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A piece of a delegated run's transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct TranscriptPart {
    pub id: String,
    pub content: String,
    pub order: Sequence,
}

/// One delegated run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct TaskRun {
    pub id: String,
    pub title: String,
    pub agent: Option<String>,
    pub status: TaskStatus,
    pub source_session_id: Option<String>,
    pub parent_session_id: Option<String>,
    pub content: String,
    #[serde(default)]
    pub transcript: Vec<TranscriptPart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Vec<TranscriptPart>>,
    #[serde(default)]
    pub tool_calls: ById<ToolCall>,
    #[serde(default)]
    pub compactions: Vec<Value>,
    #[serde(default)]
    pub todos: Vec<Value>,
    pub error: Option<String>,
    pub session_cost: f64,
    pub session_tokens: Tokens,
    pub order: Sequence,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
}

/// A permission that waits for an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct PendingApproval {
    pub id: String,
    pub session_id: SessionId,
    pub source_session_id: Option<String>,
    pub task_run_id: Option<String>,
    pub tool: String,
    pub input: Map<String, Value>,
    pub description: String,
    pub order: Sequence,
}

/// A permission that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ResolvedApproval {
    pub id: String,
    pub session_id: SessionId,
    pub task_run_id: Option<String>,
    pub tool: String,
    pub description: String,
    pub allowed: bool,
    pub order: Sequence,
    pub resolved_at: Timestamp,
}

/// A question that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct PendingQuestion {
    pub id: String,
    pub session_id: SessionId,
    pub source_session_id: Option<String>,
    pub questions: Vec<Question>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<QuestionTool>,
}

/// A question that was answered or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ResolvedQuestion {
    pub id: String,
    pub session_id: SessionId,
    pub source_session_id: Option<String>,
    pub questions: Vec<Question>,
    pub answers: Vec<Value>,
    pub rejected: bool,
    pub order: Sequence,
    pub resolved_at: Timestamp,
}

/// An artifact beside the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectedArtifact {
    pub id: String,
    pub tool_id: String,
    pub tool_name: String,
    pub file_path: String,
    pub filename: String,
    pub order: Sequence,
    pub source: String,
    pub cloud_artifact_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_run_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default)]
    pub author_agent_id: Option<String>,
    #[serde(default)]
    pub project_id: Option<String>,
    #[serde(default)]
    pub task_id: Option<String>,
    #[serde(default)]
    pub status_updated_by: Option<String>,
    #[serde(default)]
    pub status_updated_at: Option<String>,
}

/// Why a prompt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ErrorEntry {
    pub id: String,
    pub session_id: SessionId,
    pub message: String,
    pub order: Sequence,
}

/// Where a session came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Origin {
    pub kind: OriginKind,
    pub source_fingerprint: String,
    pub imported_at: Timestamp,
    pub item_counts: ItemCounts,
}

/// How a session that wasn't started here came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// It is the copy of a session on somebody's desktop.
    LocalSessionImport,
}
