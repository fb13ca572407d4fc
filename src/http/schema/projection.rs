//! The projection and the renderer's shape of it (contract 01 §1.3, §1.4).

use super::session::SessionStatus;
use serde_json::Value;
use utoipa::ToSchema;

/// What a session looks like after its last event.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ProjectionView {
    session_id: String,
    profile_name: String,
    #[schema(format = DateTime)]
    updated_at: String,
    title: String,
    status: SessionStatus,
    is_generating: bool,
    messages: Vec<CloudMessage>,
    tool_calls: Vec<ToolCall>,
    task_runs: Vec<Value>,
    pending_approvals: Vec<PendingApproval>,
    pending_questions: Vec<PendingQuestion>,
    resolved_approvals: Vec<Value>,
    resolved_questions: Vec<Value>,
    artifacts: Vec<Value>,
    todos: Vec<Todo>,
    errors: Vec<SessionError>,
    session_cost: f64,
    session_tokens: Tokens,
    last_input_tokens: u64,
    last_error: Option<String>,
    origin: Option<Value>,
    project_source: Option<Value>,
}

/// The shape that a renderer shows.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the contract's fields")]
pub(in crate::http) struct SessionView {
    messages: Vec<RenderedMessage>,
    tool_calls: Vec<ToolCall>,
    task_runs: Vec<Value>,
    pending_approvals: Vec<PendingApproval>,
    pending_questions: Vec<PendingQuestion>,
    artifacts: Vec<Value>,
    todos: Vec<Todo>,
    errors: Vec<SessionError>,
    session_cost: f64,
    session_tokens: Tokens,
    last_input_tokens: u64,
    compactions: Vec<Value>,
    execution_plan: Vec<Value>,
    context_state: String,
    compaction_count: u64,
    last_compacted_at: Option<String>,
    active_agent: Option<String>,
    last_item_was_tool: bool,
    /// Sequence of the last folded event.
    revision: u64,
    last_event_at: u64,
    is_awaiting_permission: bool,
    is_awaiting_question: bool,
    is_generating: bool,
}

/// A message.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CloudMessage {
    id: String,
    role: MessageRole,
    content: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required = false)]
    attachments: Vec<Attachment>,
    /// Of the event that began it: its place among tool calls and requests, which carry the same number as `order`.
    #[schema(required = false)]
    sequence: u64,
}

/// A message in the renderer's shape.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct RenderedMessage {
    id: String,
    role: MessageRole,
    content: String,
    #[schema(format = DateTime)]
    timestamp: String,
    #[schema(required = false)]
    attachments: Vec<Attachment>,
    order: u64,
    /// Of the event that began it.
    #[schema(required = false)]
    sequence: u64,
}

/// Who wrote a message.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum MessageRole {
    User,
    Assistant,
    System,
}

/// A file beside a message or a tool call.
#[derive(ToSchema)]
pub(in crate::http) struct Attachment {
    mime: String,
    url: String,
    #[schema(required = false)]
    filename: Option<String>,
}

/// A tool call.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ToolCall {
    id: String,
    name: String,
    input: Value,
    status: ToolStatus,
    #[schema(required = false)]
    output: Option<String>,
    #[schema(required = false)]
    attachments: Vec<Attachment>,
    agent: Option<String>,
    source_session_id: Option<String>,
    order: u64,
}

/// How far a tool call is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum ToolStatus {
    Running,
    Complete,
    Error,
}

/// Waits for a person's consent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct PendingApproval {
    id: String,
    session_id: String,
    source_session_id: Option<String>,
    task_run_id: Option<String>,
    tool: String,
    input: Value,
    description: String,
    order: u64,
}

/// Waits for a person's answer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct PendingQuestion {
    id: String,
    session_id: String,
    source_session_id: Option<String>,
    questions: Vec<Question>,
    #[schema(required = false)]
    tool: Option<Value>,
}

/// One question with its options.
#[derive(ToSchema)]
pub(in crate::http) struct Question {
    header: String,
    question: String,
    options: Vec<QuestionOption>,
    multiple: bool,
    custom: bool,
}

/// One option of a question.
#[derive(ToSchema)]
pub(in crate::http) struct QuestionOption {
    label: String,
    description: String,
}

/// One line of the to-do list.
#[derive(ToSchema)]
pub(in crate::http) struct Todo {
    content: String,
    status: String,
    priority: String,
    #[schema(required = false)]
    id: Option<String>,
}

/// An error of a session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SessionError {
    id: String,
    session_id: String,
    message: String,
    order: u64,
}

/// Token counts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Tokens {
    input: u64,
    output: u64,
    reasoning: u64,
    cache_read: u64,
    cache_write: u64,
}
