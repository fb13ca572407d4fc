//! The delivery that a request names, as far as its caller reaches.

use super::refusal::not_found;
use crate::{
    http::{
        body::Fields,
        channels::authority::{ChannelCaller, Target},
        error::ApiError,
        gate::Caller,
        state::HttpState,
    },
    identity::Proof,
};
use cowork_domain::{
    audit::{AuditAction, AuditActor, AuditRow, AuditTarget},
    channel::{delivery::ChannelDelivery, ids::is_id},
};
use cowork_store::DeliveryPlace;
use serde::Serialize;
use serde_json::json;

/// What a body's `channelBindingId` asks to be proven.
pub(super) fn target(fields: &Fields) -> Target<'_> {
    fields.text("channelBindingId").map_or(Target::None, Target::Binding)
}

/// Finds it. A name that two bindings know names none of them.
pub(super) async fn find(
    state: &HttpState,
    caller: &Caller,
    proven: &ChannelCaller,
    id: &str,
    fields: &Fields,
) -> Result<DeliveryPlace, ApiError> {
    let among: Option<Vec<String>> = match (proven, fields.text("channelBindingId")) {
        (_, Some(named)) => Some(vec![named.to_owned()]),
        (ChannelCaller::Gateway { bindings, .. }, None) => Some(bindings.iter().map(|binding| binding.id.to_string()).collect()),
        (ChannelCaller::Admin | ChannelCaller::Local, None) => None,
    };
    let is_storable = is_id(id) && among.iter().flatten().all(|binding| is_id(binding));
    if !is_storable {
        return Err(not_found());
    }
    let mut found = state.node.store().delivery_places(&caller.principal().org_id, id, among.as_deref()).await?;
    match (found.pop(), found.is_empty()) {
        (Some(place), true) => Ok(place),
        _ => Err(not_found()),
    }
}

/// What an operator did to it, for the audit log.
pub(super) fn audit(state: &HttpState, caller: &Caller, action: AuditAction, place: &DeliveryPlace, id: &str) -> AuditRow {
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

/// `{"delivery": …}`, redacted.
pub(super) fn shown(delivery: &ChannelDelivery) -> impl Serialize {
    json!({ "delivery": delivery.public() })
}
