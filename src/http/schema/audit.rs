//! The audit log.

use serde_json::Value;
use utoipa::ToSchema;

/// A page of the audit log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct AuditPage {
    /// Newest first.
    events: Vec<AuditEventRecord>,
    /// Where the next page begins; none on the last one.
    next_cursor: Option<String>,
}

/// An export of the audit log.
#[derive(ToSchema)]
pub(in crate::http) struct AuditExport {
    /// Newest first.
    events: Vec<AuditEventRecord>,
}

/// One thing that somebody did.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct AuditEventRecord {
    event_id: String,
    org_id: String,
    /// None for the system.
    account_id: Option<String>,
    /// For example `command.prompt`.
    event_type: String,
    actor_type: AuditActorType,
    actor_id: Option<String>,
    target_type: Option<String>,
    target_id: Option<String>,
    /// Flat, and without secrets.
    metadata: Value,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Who did it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::http) enum AuditActorType {
    User,
    ApiToken,
    System,
}
