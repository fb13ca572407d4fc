//! `GET /api/ops/deliveries`: what waits for gateways.

use crate::{
    http::{
        answer::Json,
        error::ApiError,
        gate::Caller,
        query::Query,
        schema::{DeliveryBacklogs, ErrorBody},
        state::HttpState,
    },
    identity::Proof,
};
use axum::extract::State;
use cowork_domain::timestamp::Timestamp;
use cowork_store::BindingBacklog;
use http::Uri;
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize)]
struct Answer {
    bindings: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    org_id: String,
    channel_binding_id: String,
    provider: String,
    display_name: Option<String>,
    binding_status: String,
    pending: u64,
    claimed: u64,
    failed: u64,
    dead: u64,
    oldest_created_at: Option<Timestamp>,
    oldest_age_ms: Option<u64>,
    lease_holder: Option<String>,
    lease_expires_at: Option<Timestamp>,
}

/// Read what waits for gateways, by binding: those with the oldest delivery first.
///
/// It is a backlog of its own: sessions that have work to do aren't in it. The operator token sees the bindings of all
/// organisations, without what people call them.
#[utoipa::path(get, path = "/api/ops/deliveries", operation_id = "readDeliveryBacklogs", tag = "operations",
    params(("limit" = Option<u32>, Query, description = "At most so many bindings, 100 unless said otherwise, never more than 500")),
    responses(
        (status = 200, description = "The bindings", body = DeliveryBacklogs,
            example = json!({"bindings": [{"orgId": "acme", "channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "provider": "telegram",
                "displayName": "Support", "bindingStatus": "active", "pending": 3, "claimed": 1, "failed": 0, "dead": 2,
                "oldestCreatedAt": "2026-03-04T05:06:07.890Z", "oldestAgeMs": 1200, "leaseHolder": "gateway:a:1", "leaseExpiresAt": "2026-03-04T05:06:17.890Z"}]})),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let limit = Query::of(&uri).limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    // Who keeps the deployment running sees all machinery and nobody's words; everybody else sees their own organisation.
    let sees_all = matches!(caller.member().proof, Proof::Operator);
    let org = (!sees_all).then_some(&caller.principal().org_id);
    let backlogs = state.node.store().binding_backlogs(org, limit).await?;
    let now = state.node.clock().now();
    Ok(Json::of(&Answer { bindings: backlogs.into_iter().map(|backlog| shown(backlog, !sees_all, now)).collect() }))
}

fn shown(backlog: BindingBacklog, is_named: bool, now: Timestamp) -> Shown {
    let age = |at: Timestamp| u64::try_from(now.as_millis() - at.as_millis()).unwrap_or(0);
    Shown {
        org_id: backlog.org,
        channel_binding_id: backlog.binding,
        provider: backlog.provider,
        display_name: is_named.then_some(backlog.display_name),
        binding_status: backlog.status,
        pending: backlog.pending,
        claimed: backlog.claimed,
        failed: backlog.failed,
        dead: backlog.dead,
        oldest_created_at: backlog.oldest_at,
        oldest_age_ms: backlog.oldest_at.map(age),
        lease_holder: backlog.holder.filter(|_| is_named),
        lease_expires_at: backlog.lease_expires_at,
    }
}
