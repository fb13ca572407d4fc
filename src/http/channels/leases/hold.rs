//! `POST /api/channels/leases`.

use crate::http::{
    answer::Json,
    body::JsonBody,
    channels::{
        authority::{self, Target},
        input,
    },
    error::ApiError,
    gate::Caller,
    schema::{ChannelLeaseEnvelope, ChannelLeaseTaken, ErrorBody, HoldLeaseRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{channel::lease::ChannelLease, codes::Code};
use cowork_store::LeaseAnswer;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

const DEFAULT_TTL: Duration = Duration::from_secs(15);
const SHORTEST_TTL: Duration = Duration::from_secs(1);
const LONGEST_TTL: Duration = Duration::from_secs(300);

#[derive(Serialize)]
struct Held {
    lease: ChannelLease,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    error: &'static str,
    code: &'static str,
    /// Until the lease ends, unless its holder renews it.
    retry_after_ms: u64,
    lease: ChannelLease,
}

/// Hold the lease of a channel binding, or renew it.
///
/// Of several gateways that serve a binding, the one that holds its lease is meant to act. A lease that ran out or was given back
/// goes to whoever asks first, with the next epoch. Cursors and acknowledgements that carry the epoch of a former lease are
/// refused. A holder's name must differ between replicas and between their lives.
#[utoipa::path(post, path = "/api/channels/leases", operation_id = "holdChannelLease", tag = "channels",
    request_body(content = HoldLeaseRequest, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "holder": "gateway:a:1", "ttlMs": 15000})),
    responses(
        (status = 200, description = "It is theirs until `expiresAt`", body = ChannelLeaseEnvelope,
            example = json!({"lease": {"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "holder": "gateway:a:1", "epoch": 4, "expiresAt": "2026-03-04T05:06:07.890Z"}})),
        (status = 400, description = "A field is missing or malformed", body = ErrorBody),
        (status = 403, description = "The binding isn't granted or isn't served", body = ErrorBody),
        (status = 409, description = "Another gateway holds it", body = ChannelLeaseTaken,
            example = json!({"error": "Another gateway holds the lease of this channel binding.", "code": "channels.lease_taken", "retryAfterMs": 9000,
                "lease": {"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "holder": "gateway:b:7", "epoch": 4, "expiresAt": "2026-03-04T05:06:07.890Z"}})),
    ))]
pub(super) async fn hold(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let proven = authority::prove(&state, caller.member(), target).await?;
    let incomplete = || ApiError::invalid("channelBindingId and holder are required.");
    let binding = fields.text("channelBindingId").ok_or_else(incomplete)?;
    let holder = input::name(fields, "holder")?.ok_or_else(incomplete)?;
    let org = &caller.principal().org_id;
    let binding = authority::binding(&state, &proven, org, binding).await?;
    let ttl = fields.value("ttlMs").and_then(Value::as_u64).filter(|millis| *millis > 0).map_or(DEFAULT_TTL, Duration::from_millis);
    let ttl = ttl.clamp(SHORTEST_TTL, LONGEST_TTL);
    match state.node.store().hold_channel_lease(org, &binding.id, holder, proven.token(), ttl).await? {
        LeaseAnswer::Held(lease) => Ok(Json::of(&Held { lease })),
        LeaseAnswer::Taken(lease, left) => {
            let taken = Taken {
                error: "Another gateway holds the lease of this channel binding.",
                code: Code::ChannelsLeaseTaken.as_str(),
                retry_after_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
                lease,
            };
            Ok(Json::of(&taken).with_status(StatusCode::CONFLICT))
        }
    }
}
