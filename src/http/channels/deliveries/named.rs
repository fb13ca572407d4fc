//! The delivery that a request names, as far as its caller reaches.

use super::refusal::not_found;
use crate::http::{
    body::Fields,
    channels::authority::{ChannelCaller, Target},
    error::ApiError,
    gate::Caller,
    state::HttpState,
};
use cowork_domain::channel::{delivery::ChannelDelivery, ids::is_id};
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

/// `{"delivery": …}`, redacted.
pub(super) fn shown(delivery: &ChannelDelivery) -> impl Serialize {
    json!({ "delivery": delivery.public() })
}
