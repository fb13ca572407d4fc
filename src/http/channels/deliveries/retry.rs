//! `POST /api/channels/deliveries/{deliveryId}/retry` (contract 04 §8).

use super::operate::operate;
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

/// Send a delivery again, whatever became of it.
///
/// The count of attempts stays, and the delivery gets as many attempts again. A gateway's token reaches only what it claimed last.
#[utoipa::path(post, path = "/api/channels/deliveries/{deliveryId}/retry", operation_id = "retryChannelDelivery", tag = "channels",
    params(("deliveryId" = String, Path, description = "The delivery's id")),
    request_body(content = NameDeliveryRequest, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56"})),
    responses(
        (status = 200, description = "The delivery is due now", body = ChannelDeliveryEnvelope),
        (status = 404, description = "No such delivery, or one on each of two bindings", body = ErrorBody,
            example = json!({"error": "Channel delivery was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn retry(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let again = DeliveryOperation::Retry { attempts: state.options.deliveries.attempt_limit };
    operate(&state, &caller, &id, &body.fields, again).await
}
