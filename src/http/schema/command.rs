//! Commands and their acknowledgement (contract 01 §1.5, §1.6).

use super::CloudSessionView;
use serde_json::Value;
use utoipa::ToSchema;

/// A prompt.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct PromptRequest {
    /// Not blank; kept as it is.
    text: String,
    /// `build` by default.
    #[schema(required = false)]
    agent: Option<String>,
    /// `provider/model`; the deployment's default if absent.
    #[schema(required = false)]
    model: Option<String>,
}

/// An answer to a permission request.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct PermissionRequest {
    permission_id: String,
    /// `true`, `"allow"`, `"once"` or `{"allowed": true}` grant it; everything else denies.
    #[schema(required = false)]
    response: Value,
}

/// Answers to a question.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct QuestionReplyRequest {
    request_id: String,
    /// One item per question, usually the list of chosen labels.
    answers: Vec<Value>,
}

/// A question that stays unanswered.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct QuestionRejectRequest {
    request_id: String,
}

/// The acknowledgement of a command: it is durable.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CommandEnvelope {
    command: CommandRecord,
    /// 1 if the command acted at once, 0 if it waits.
    processed: u8,
    /// The session after the command.
    view: CloudSessionView,
    /// Where the command's first event stands, if it acted at once.
    projection_fence: Option<ProjectionFence>,
}

/// A command as it was enqueued.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CommandRecord {
    #[schema(example = "cmd_0192f0a4c1de7d52b0c3a1f2e4d5c6b7")]
    command_id: String,
    tenant_id: String,
    user_id: String,
    session_id: String,
    kind: CommandKind,
    payload: Value,
    target_lease_token: Option<String>,
    /// Its place among the session's commands, from 1.
    created_sequence: u64,
    #[schema(format = DateTime)]
    created_at: String,
    status: CommandStatus,
    claimed_by: Option<String>,
    claimed_lease_token: Option<String>,
    attempt_count: u32,
    #[schema(format = DateTime)]
    available_at: Option<String>,
    last_error_code: Option<String>,
    last_error_summary: Option<String>,
    #[schema(format = DateTime)]
    acked_at: Option<String>,
    error: Option<String>,
}

/// What a command asks for.
#[derive(ToSchema)]
pub(in crate::http) enum CommandKind {
    #[schema(rename = "prompt")]
    Prompt,
    #[schema(rename = "abort")]
    Abort,
    #[schema(rename = "permission.respond")]
    PermissionRespond,
    #[schema(rename = "question.reply")]
    QuestionReply,
    #[schema(rename = "question.reject")]
    QuestionReject,
}

/// How far a command is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum CommandStatus {
    Pending,
    Running,
    Acked,
    Failed,
}

/// A place in the session's log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ProjectionFence {
    version: u8,
    scope: String,
    tenant_id: String,
    session_id: String,
    command_id: String,
    sequence: u64,
    projection_version: u64,
    #[schema(format = DateTime)]
    issued_at: String,
}
