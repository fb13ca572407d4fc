//! `POST /api/channels/deliveries/{deliveryId}/dead-letter` (contract 04 §8).

use super::{ack, named, named::shown, refusal::not_found};
use crate::http::{
    answer::Json,
    body::JsonBody,
    channels::authority,
    error::ApiError,
    gate::Caller,
    schema::{ChannelDeliveryEnvelope, ErrorBody, NameDeliveryRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::{audit::AuditAction, ids::TokenId};

const UNSAID: &str = "Manually dead-lettered by gateway operator.";

/// Give a delivery up, whatever became of it. What stands behind it in its lane goes on.
#[utoipa::path(post, path = "/api/channels/deliveries/{deliveryId}/dead-letter", operation_id = "deadLetterChannelDelivery", tag = "channels",
    params(("deliveryId" = String, Path, description = "The delivery's id")),
    request_body(content = NameDeliveryRequest, example = json!({"lastError": "operator says no"})),
    responses(
        (status = 200, description = "The delivery is given up", body = ChannelDeliveryEnvelope),
        (status = 404, description = "No such delivery, or one on each of two bindings", body = ErrorBody,
            example = json!({"error": "Channel delivery was not found."})),
    ))]
pub(super) async fn dead_letter(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let proven = authority::prove_or_admin(&state, caller.member(), named::target(&body.fields)).await?;
    let place = named::find(&state, &caller, &proven, &id, &body.fields).await?;
    let audit = named::audit(&state, &caller, AuditAction::ChannelDeliveryDeadLettered, &place, &id);
    let error = ack::error(&body.fields).unwrap_or_else(|| UNSAID.to_owned());
    let theirs = proven.token().map(TokenId::as_str);
    let buried = state.node.store().bury_delivery(&caller.principal().org_id, &place, theirs, error, &[audit]).await?;
    state.node.deliveries_changed(&place.binding);
    Ok(Json::of(&shown(&buried.ok_or_else(not_found)?)))
}
