//! Events on the wire (contract 00 §9, 01 §5, §7).

use serde_json::Value;
use utoipa::ToSchema;

/// One event of a session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SessionEventRecord {
    tenant_id: String,
    session_id: String,
    /// Opaque and unique.
    event_id: String,
    /// Dense from 1 within the session.
    sequence: u64,
    #[schema(rename = "type")]
    event_type: EventType,
    payload: Value,
    #[schema(format = DateTime)]
    created_at: String,
}

/// One event of a user's workspace.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct WorkspaceEventRecord {
    tenant_id: String,
    user_id: String,
    session_id: Option<String>,
    event_id: String,
    /// Dense from 1 within the workspace.
    sequence: u64,
    /// `session` or `artifact`.
    entity_type: String,
    entity_id: String,
    /// `create`, `update` or `delete`.
    operation: String,
    /// The sequence within the session.
    projection_version: u64,
    #[schema(rename = "type")]
    event_type: EventType,
    payload: Value,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What happened.
#[derive(ToSchema)]
pub(in crate::http) enum EventType {
    #[schema(rename = "session.created")]
    SessionCreated,
    #[schema(rename = "session.imported")]
    SessionImported,
    #[schema(rename = "session.project_source.bound")]
    ProjectSourceBound,
    #[schema(rename = "prompt.submitted")]
    PromptSubmitted,
    #[schema(rename = "assistant.message")]
    AssistantMessage,
    #[schema(rename = "tool.call")]
    ToolCall,
    #[schema(rename = "task.run")]
    TaskRun,
    #[schema(rename = "permission.requested")]
    PermissionRequested,
    #[schema(rename = "permission.resolved")]
    PermissionResolved,
    #[schema(rename = "question.asked")]
    QuestionAsked,
    #[schema(rename = "question.resolved")]
    QuestionResolved,
    #[schema(rename = "todos.updated")]
    TodosUpdated,
    #[schema(rename = "cost.updated")]
    CostUpdated,
    #[schema(rename = "artifact.created")]
    ArtifactCreated,
    #[schema(rename = "artifact.updated")]
    ArtifactUpdated,
    #[schema(rename = "session.status")]
    SessionStatus,
    #[schema(rename = "session.idle")]
    SessionIdle,
    #[schema(rename = "session.aborted")]
    SessionAborted,
    #[schema(rename = "runtime.error")]
    RuntimeError,
    #[schema(rename = "snapshot.required")]
    SnapshotRequired,
    #[schema(rename = "channel.delivery")]
    ChannelDelivery,
}
