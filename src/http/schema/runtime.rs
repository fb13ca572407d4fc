//! What operators read of the machinery (contract 02 §1).

use serde_json::Value;
use utoipa::ToSchema;

/// What a node does, and who works.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct RuntimeStatus {
    role: String,
    profile_name: String,
    /// Whether agents run in this process.
    can_execute: bool,
    /// inline or delegated.
    command_processing: String,
    checkpoints: bool,
    heartbeats: Vec<NodeHeartbeat>,
}

/// Who works.
#[derive(ToSchema)]
pub(in crate::http) struct NodeHeartbeats {
    heartbeats: Vec<NodeHeartbeat>,
}

/// A node that works.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct NodeHeartbeat {
    /// The node's name.
    worker_id: String,
    /// worker or scheduler.
    role: String,
    /// Of the caller's organisation.
    active_session_ids: Vec<String>,
    /// When the node last renewed its lease.
    #[schema(format = DateTime)]
    last_seen_at: String,
}

/// What support asks for, without secrets.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Diagnostics {
    #[schema(format = DateTime)]
    generated_at: String,
    /// Always secrets-redacted.
    redaction: String,
    org: Value,
    runtime: Value,
    billing: Value,
    byok: Value,
    usage: Value,
    gateway: Value,
    links: Value,
}
