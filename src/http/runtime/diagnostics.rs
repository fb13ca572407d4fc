//! `GET /api/diagnostics` (contract 02 §1).

use super::{gateway, report};
use crate::http::{
    answer::Json,
    billing,
    byok::SecretMetadata,
    error::ApiError,
    gate::Caller,
    schema::{Diagnostics as DiagnosticsSchema, ErrorBody},
    state::HttpState,
    usage::UsageSummary,
};
use axum::extract::State;
use cowork_actors::Heartbeat;
use cowork_domain::timestamp::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// A node that hasn't been heard of for this long is stale.
const STALE_MS: i64 = 60_000;

/// So many usage events are looked at.
const USAGE_SAMPLE: u32 = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Runtime<'a> {
    #[serde(flatten)]
    capabilities: report::Capabilities<'a>,
    heartbeat_count: usize,
    heartbeats: Vec<Value>,
}

/// Read what support asks for: the caller's organisation, the machinery, and what was used lately. It holds no secrets.
#[utoipa::path(get, path = "/api/diagnostics", operation_id = "readDiagnostics", tag = "operations",
    responses(
        (status = 200, description = "The state of things", body = DiagnosticsSchema),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let principal = caller.principal();
    let heartbeats = report::heartbeats(&state, &caller).await?;
    let used = UsageSummary::read(&state, &principal.org_id, USAGE_SAMPLE).await?;
    let keys = SecretMetadata::shown(state.node.store().byok_shown(&principal.org_id, None).await?);
    let billing = billing::shown(&state, &principal.org_id).await?;
    let now = state.node.clock().now();
    let runtime = Runtime {
        capabilities: report::Capabilities::of(&state),
        heartbeat_count: heartbeats.len(),
        heartbeats: heartbeats.iter().map(|heartbeat| aged(heartbeat, now)).collect(),
    };
    Ok(Json::of(&json!({
        "generatedAt": now,
        "redaction": "secrets-redacted",
        "org": {
            "orgId": principal.org_id, "tenantId": principal.tenant_id, "role": principal.role, "profileName": state.options.profile_name,
        },
        "runtime": runtime,
        "billing": billing,
        "byok": { "configuredProviders": keys.in_use.len(), "providers": keys.latest },
        "usage": used,
        "gateway": gateway::nothing(),
        "links": { "deploymentDocs": "/docs/open-cowork-cloud", "managedByokRunbook": "/runbooks/managed-byok-saas" },
    })))
}

fn aged(heartbeat: &Heartbeat, now: Timestamp) -> Value {
    // The database's clock may be ahead of ours.
    let age = (now.as_millis() - heartbeat.last_seen_at.as_millis()).max(0);
    json!({
        "workerId": heartbeat.worker_id, "role": heartbeat.role, "activeSessionCount": heartbeat.active_session_ids.len(),
        "lastSeenAt": heartbeat.last_seen_at, "ageMs": age, "stale": age > STALE_MS,
    })
}
