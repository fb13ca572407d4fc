//! `POST /api/channels/deliveries/dead-letter`: what an operator does after somebody else had a channel's credentials. Upstream has no
//! such call.

use super::{ack, dead_letter::UNSAID, operate::operate_at};
use crate::http::{
    answer::Json,
    body::JsonBody,
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    schema::{DeadLetterDeliveriesRequest, DeadLetteredDeliveries, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    channel::{
        delivery::{DeadReason, DeliveryState},
        ids::ChannelBindingId,
    },
    ids::TokenId,
};
use cowork_store::{DeliveryOperation, OpenDeliveries};
use serde_json::json;

/// So many in one request: each is a transaction with its own row of the audit log.
const AT_A_TIME: u32 = 200;

/// Give up all deliveries of a channel that aren't sent or dead yet, or those of some time.
///
/// At most 200 in one request, the oldest first. While `more` is true, the same request goes on. Each may be sent again by its `retry`.
/// A gateway's token reaches only what it claimed last.
#[utoipa::path(post, path = "/api/channels/deliveries/dead-letter", operation_id = "deadLetterChannelDeliveries", tag = "channels",
    request_body(content = DeadLetterDeliveriesRequest, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56",
        "createdFrom": "2026-03-04T05:00:00.000Z", "createdBefore": "2026-03-04T06:00:00.000Z", "lastError": "bot token leaked"})),
    responses(
        (status = 200, description = "So many are given up", body = DeadLetteredDeliveries, example = json!({"deadLettered": 12, "more": false})),
        (status = 400, description = "No binding is named, or a date can't be read", body = ErrorBody,
            example = json!({"error": "channelBindingId is required.", "code": "request.invalid_field"})),
        (status = 404, description = "No such binding", body = ErrorBody,
            example = json!({"error": "Channel binding was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn dead_letter_many(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let named = fields.text("channelBindingId");
    let proven = authority::prove_or_admin(&state, caller.member(), named.map_or(Target::None, Target::Binding)).await?;
    let binding: ChannelBindingId =
        named.ok_or_else(|| ApiError::invalid("channelBindingId is required."))?.parse().map_err(|_| no_binding())?;
    let (from, before) = (fields.date("createdFrom")?, fields.date("createdBefore")?);
    let (store, org) = (state.node.store(), &caller.principal().org_id);
    if store.channel_binding(org, &binding).await?.is_none() {
        return Err(no_binding());
    }
    let error = ack::error(fields).unwrap_or_else(|| UNSAID.to_owned());
    let theirs = proven.token().map(TokenId::as_str);
    let open = OpenDeliveries { binding: &binding, from, before, last_claimed_by: theirs };
    let found = store.open_deliveries(org, &open, AT_A_TIME + 1).await?;
    let at_once = usize::try_from(AT_A_TIME).unwrap_or(usize::MAX);
    let mut buried = 0;
    for (place, id) in found.iter().take(at_once) {
        let bury = DeliveryOperation::BuryOpen { error: error.clone() };
        let operated = operate_at(&state, &caller, place, id, theirs, bury).await?;
        // One that was sent meanwhile stays sent.
        buried += u32::from(operated.is_some_and(|now| now.progress.state == DeliveryState::Dead(DeadReason::Operator)));
    }
    state.node.deliveries_changed(&binding);
    Ok(Json::of(&json!({ "deadLettered": buried, "more": found.len() > at_once })))
}

fn no_binding() -> ApiError {
    ApiError::not_found("Channel binding was not found.")
}
