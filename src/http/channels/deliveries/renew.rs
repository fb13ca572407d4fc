//! `POST /api/channels/deliveries/{deliveryId}/renew`.

use super::{
    ack::claim_token,
    claimant,
    named::{self, shown},
};
use crate::http::{
    answer::Json,
    body::JsonBody,
    channels::{authority, leases},
    error::ApiError,
    gate::Caller,
    schema::{ChannelDeliveryEnvelope, ErrorBody, RenewDeliveryRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use serde_json::Value;

/// Keep a delivery whose sending takes longer than its claim.
#[utoipa::path(post, path = "/api/channels/deliveries/{deliveryId}/renew", operation_id = "renewChannelDelivery", tag = "channels",
    params(("deliveryId" = String, Path, description = "The delivery's id")),
    request_body(content = RenewDeliveryRequest, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "claimToken": "dct_0192f0a4c1de4d52b0c3a1f2e4d5c6b7_1", "ttlMs": 60000})),
    responses(
        (status = 200, description = "The claim holds until `claimExpiresAt`", body = ChannelDeliveryEnvelope),
        (status = 400, description = "The claim token is missing or malformed", body = ErrorBody),
        (status = 404, description = "No such delivery", body = ErrorBody),
        (status = 409, description = "The claim or the lease is lost", body = ErrorBody,
            example = json!({"error": "The claim of this delivery is over.", "code": "channels.claim_lost"})),
    ))]
pub(super) async fn renew(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let proven = authority::prove(&state, caller.member(), named::target(fields)).await?;
    let token = claim_token(fields)?.ok_or_else(|| ApiError::invalid("claimToken is required."))?;
    let ttl = claimant::ttl(fields.value("ttlMs").and_then(Value::as_u64));
    let lease_epoch = leases::epoch(fields)?;
    let place = named::find(&state, &caller, &proven, &id, fields).await?;
    let renewed = state.node.store().renew_delivery(&caller.principal().org_id, &place, token, ttl, lease_epoch).await?;
    Ok(Json::of(&shown(&renewed)))
}
