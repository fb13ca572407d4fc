//! `POST /api/channels/deliveries/{deliveryId}/dead-letter` (contract 04 §8).

use super::{ack, operate::operate};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ChannelDeliveryEnvelope, ErrorBody, NameDeliveryRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_store::DeliveryOperation;

pub(super) const UNSAID: &str = "Manually dead-lettered by gateway operator.";

/// Give a delivery up, whatever became of it. What stands behind it in its lane goes on.
#[utoipa::path(post, path = "/api/channels/deliveries/{deliveryId}/dead-letter", operation_id = "deadLetterChannelDelivery", tag = "channels",
    params(("deliveryId" = String, Path, description = "The delivery's id")),
    request_body(content = NameDeliveryRequest, example = json!({"lastError": "operator says no"})),
    responses(
        (status = 200, description = "The delivery is given up", body = ChannelDeliveryEnvelope),
        (status = 404, description = "No such delivery, or one on each of two bindings", body = ErrorBody,
            example = json!({"error": "Channel delivery was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn dead_letter(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let error = ack::error(&body.fields).unwrap_or_else(|| UNSAID.to_owned());
    operate(&state, &caller, &id, &body.fields, DeliveryOperation::Bury { error }).await
}
