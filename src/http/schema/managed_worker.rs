//! Managed workers (contract 02 §11).

use serde_json::Value;
use utoipa::ToSchema;

/// A pool of workers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ManagedWorkerPool)]
pub(in crate::http) struct WorkerPoolSchema {
    pool_id: String,
    org_id: String,
    tenant_id: String,
    name: String,
    /// saas_operated or self_hosted.
    mode: String,
    /// active, paused or retired.
    status: String,
    region: Option<String>,
    capabilities: Value,
    max_workers: Option<i64>,
    max_concurrent_work: Option<i64>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A worker.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ManagedWorker)]
pub(in crate::http) struct WorkerSchema {
    worker_id: String,
    org_id: String,
    tenant_id: String,
    pool_id: String,
    display_name: String,
    /// pending, active, draining, paused, retired, revoked or unhealthy.
    status: String,
    version: Option<String>,
    capabilities: Value,
    #[schema(format = DateTime)]
    last_heartbeat_at: Option<String>,
    last_error_code: Option<String>,
    last_error_summary: Option<String>,
    current_load: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// What a worker shows, without the secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ManagedWorkerCredential)]
pub(in crate::http) struct WorkerCredentialSchema {
    credential_id: String,
    org_id: String,
    worker_id: String,
    pool_id: String,
    /// Always heartbeat alone.
    scopes: Vec<String>,
    last4: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    rotated_from_credential_id: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The latest that a worker said.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ManagedWorkerHeartbeat)]
pub(in crate::http) struct WorkerBeatSchema {
    worker_id: String,
    org_id: String,
    tenant_id: String,
    pool_id: String,
    version: Option<String>,
    capabilities: Value,
    current_load: i64,
    active_work_ids: Vec<String>,
    last_error_code: Option<String>,
    last_error_summary: Option<String>,
    heartbeat_sequence: Option<i64>,
    #[schema(format = DateTime)]
    received_at: String,
}
