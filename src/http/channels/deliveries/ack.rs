//! `POST /api/channels/deliveries/{deliveryId}/ack` (contract 04 §8, and its safer form by claim token).

use super::{
    claimant::Claimant,
    named::{self, shown},
};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::{authority, leases},
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{AckDeliveryRequest, ChannelDeliveryEnvelope, ErrorBody},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::channel::{
    delivery::{ClaimProof, ClaimToken, LONGEST_ERROR, Outcome, Settlement},
    redaction,
};
use http::Uri;

/// Say what became of a delivery.
///
/// With the `claimToken` of the claim the answer is certain: whoever lost the claim gets 409 `channels.claim_lost`, and the same
/// word said twice counts once. Without one, `claimedBy` must be the name that claimed, as gateways of the first generation do.
/// With `leaseEpoch` it counts only while that lease of the binding does.
#[utoipa::path(post, path = "/api/channels/deliveries/{deliveryId}/ack", operation_id = "ackChannelDelivery", tag = "channels",
    params(("deliveryId" = String, Path, description = "The delivery's id")),
    request_body(content = AckDeliveryRequest, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "status": "sent", "claimToken": "dct_0192f0a4c1de4d52b0c3a1f2e4d5c6b7_1"})),
    responses(
        (status = 200, description = "The delivery as it is now", body = ChannelDeliveryEnvelope),
        (status = 400, description = "A field is missing or malformed", body = ErrorBody),
        (status = 404, description = "No such delivery, or it isn't claimed by this claimant", body = ErrorBody,
            example = json!({"error": "Channel delivery was not found.", "code": "resource.not_found"})),
        (status = 409, description = "The claim or the lease is lost", body = ErrorBody,
            example = json!({"error": "The claim of this delivery is over.", "code": "channels.claim_lost"})),
    ))]
pub(super) async fn ack(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let proven = authority::prove(&state, caller.member(), named::target(fields)).await?;
    let settlement = settlement(fields)?;
    let query = Query::of(&uri);
    let proof = match claim_token(fields)? {
        Some(token) => ClaimProof::Token(token),
        None => Claimant::proof(&caller, &proven, fields.text("claimedBy").or(query.get("claimedBy")))?,
    };
    let lease_epoch = leases::epoch(fields)?;
    let place = named::find(&state, &caller, &proven, &id, fields).await?;
    let settled = state.node.store().settle_delivery(&caller.principal().org_id, &place, &proof, settlement, lease_epoch).await?;
    metrics::counter!("cowork_deliveries_settled_total", "status" => settled.progress.state.status().as_str()).increment(1);
    state.node.deliveries_changed(&place.binding);
    Ok(Json::of(&shown(&settled)))
}

fn settlement(fields: &Fields) -> Result<Settlement, ApiError> {
    let outcome = fields.text("status").and_then(Outcome::parse);
    let outcome = outcome.ok_or_else(|| ApiError::invalid("status must be sent, failed or dead."))?;
    Ok(Settlement { outcome, next_attempt_at: fields.date("nextAttemptAt")?, error: error(fields) })
}

/// What went wrong, as it is kept: a word about a failure is never refused for its own faults.
pub(super) fn error(fields: &Fields) -> Option<String> {
    fields.text("lastError").map(|text| redaction::public_text(&text.replace('\0', "\u{fffd}"), LONGEST_ERROR))
}

/// The token of the attempt, if one is shown.
pub(super) fn claim_token(fields: &Fields) -> Result<Option<ClaimToken>, ApiError> {
    let parsed = fields.text("claimToken").map(str::parse).transpose();
    parsed.map_err(|_| ApiError::invalid("claimToken is no claim token."))
}
