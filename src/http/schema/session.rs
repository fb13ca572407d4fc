//! Sessions (contract 01 §1).

use super::projection::{ProjectionView, SessionView};
use serde_json::Value;
use utoipa::ToSchema;

/// A new session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CreateSessionRequest {
    /// `New session` by default.
    #[schema(required = false)]
    title: Option<String>,
    /// The deployment's profile by default.
    #[schema(required = false)]
    profile_name: Option<String>,
    /// What the agent works on.
    #[schema(required = false)]
    project_source: Option<ProjectSource>,
}

/// A git repository.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ProjectSource {
    /// `git`.
    kind: String,
    /// HTTPS, without credentials, query and fragment.
    repository_url: String,
    #[schema(rename = "ref", required = false)]
    reference: Option<String>,
    #[schema(required = false)]
    subdirectory: Option<String>,
    #[schema(required = false)]
    credential_ref: Option<String>,
}

/// A local session to be copied.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ImportSessionRequest {
    source: ImportSource,
    #[schema(required = false)]
    title: Option<String>,
    #[schema(required = false)]
    profile_name: Option<String>,
    #[schema(required = false)]
    item_counts: Value,
    #[schema(required = false)]
    messages: Vec<Value>,
    #[schema(required = false)]
    artifacts: Vec<Value>,
    #[schema(required = false)]
    todos: Vec<Value>,
    #[schema(required = false)]
    session_cost: Option<f64>,
    #[schema(required = false)]
    session_tokens: Value,
}

/// Where an import comes from.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ImportSource {
    /// `local-session`.
    kind: String,
    fingerprint: String,
    title: String,
}

/// A session with its projection.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CloudSessionView {
    session: SessionRecord,
    projection: Option<ProjectionRecord>,
}

/// A session with its projection, and the shape that a renderer shows.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SessionWithView {
    session: SessionRecord,
    projection: Option<ProjectionRecord>,
    view: SessionView,
}

/// One page of sessions.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SessionList {
    sessions: Vec<SessionRecord>,
    /// Leads to the next page; null on the last one.
    next_cursor: Option<String>,
    /// Sessions left, this page included, but at most one more than the page.
    total_estimate: u64,
}

/// A session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SessionRecord {
    tenant_id: String,
    user_id: String,
    #[schema(example = "ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7")]
    session_id: String,
    /// Empty until a runtime session is bound.
    opencode_session_id: String,
    profile_name: String,
    status: SessionStatus,
    title: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Without credentials and object keys.
    project_source: Option<Value>,
}

/// Status of a session.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum SessionStatus {
    Idle,
    Running,
    Closed,
    Errored,
}

/// The fold of a session's log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ProjectionRecord {
    tenant_id: String,
    session_id: String,
    /// Sequence of the last folded event.
    sequence: u64,
    view: ProjectionView,
    #[schema(format = DateTime)]
    updated_at: String,
}
