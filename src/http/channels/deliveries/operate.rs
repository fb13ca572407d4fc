//! What operators do to a delivery, whatever became of it: the same steps for each.

use super::{
    named::{self, shown},
    refusal::not_found,
};
use crate::{
    http::{answer::Json, body::Fields, channels::authority, error::ApiError, gate::Caller, state::HttpState},
    identity::Proof,
};
use cowork_domain::{
    audit::{AuditAction, AuditActor, AuditRow, AuditTarget},
    channel::delivery::ChannelDelivery,
    ids::TokenId,
};
use cowork_store::{DeliveryOperation, DeliveryPlace};
use serde_json::json;

/// Does it to the delivery that a request names. A gateway's token reaches only what it claimed last.
pub(super) async fn operate(
    state: &HttpState,
    caller: &Caller,
    id: &str,
    fields: &Fields,
    operation: DeliveryOperation,
) -> Result<Json, ApiError> {
    let proven = authority::prove_or_admin(state, caller.member(), named::target(fields)).await?;
    let place = named::find(state, caller, &proven, id, fields).await?;
    let theirs = proven.token().map(TokenId::as_str);
    let operated = operate_at(state, caller, &place, id, theirs, operation).await?;
    state.node.deliveries_changed(&place.binding);
    Ok(Json::of(&shown(&operated.ok_or_else(not_found)?)))
}

/// Does it to the delivery at a place, with a row of the audit log. None if it is gone, or isn't theirs.
pub(super) async fn operate_at(
    state: &HttpState,
    caller: &Caller,
    place: &DeliveryPlace,
    id: &str,
    theirs: Option<&str>,
    operation: DeliveryOperation,
) -> Result<Option<ChannelDelivery>, ApiError> {
    let action = match operation {
        DeliveryOperation::Retry { .. } => AuditAction::ChannelDeliveryRetried,
        DeliveryOperation::Bury { .. } | DeliveryOperation::BuryOpen { .. } => AuditAction::ChannelDeliveryDeadLettered,
    };
    let audit = audit(state, caller, action, place, id);
    Ok(state.node.store().operate_delivery(&caller.principal().org_id, place, theirs, operation, &[audit]).await?)
}

fn audit(state: &HttpState, caller: &Caller, action: AuditAction, place: &DeliveryPlace, id: &str) -> AuditRow {
    let (principal, clock) = (caller.principal(), state.node.clock());
    let actor = match &caller.member().proof {
        Proof::Token(token) => AuditActor::token(token.as_str(), Some(&principal.account_id)),
        _ => AuditActor::of(principal),
    };
    // The same may be done to it again and again: each time is a row of its own.
    let cause = clock.mint_claim_id().to_string();
    let metadata = json!({ "channelBindingId": place.binding });
    AuditRow::by_actor(&principal.org_id, actor, &cause, action, &AuditTarget::new("channel_delivery", id), metadata, clock.now())
}
