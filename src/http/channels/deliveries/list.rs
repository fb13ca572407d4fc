//! `GET /api/channels/deliveries` (contract 04 §8).

use crate::http::{
    answer::Json,
    channels::authority::{self, ChannelCaller, Target},
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelDeliveryList, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    channel::{
        delivery::{ChannelDelivery, DeliveryStatus, ShownDelivery},
        ids::is_id,
    },
    ids::TokenId,
};
use cowork_store::DeliveryFilter;
use http::Uri;
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 50;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize)]
struct Answer<'a> {
    deliveries: Vec<ShownDelivery<'a>>,
}

/// List deliveries, those that changed last first.
///
/// Who runs the organisation sees all of them; a gateway sees those of its bindings that it claimed last.
#[utoipa::path(get, path = "/api/channels/deliveries", operation_id = "listChannelDeliveries", tag = "channels",
    params(
        ("deliveryId" = Option<String>, Query, description = "Only those with this name"),
        ("status" = Option<String>, Query, description = "`pending`, `claimed`, `sent`, `failed` or `dead`; anything else filters nothing"),
        ("channelBindingId" = Option<Vec<String>>, Query, description = "Only those of these bindings"),
        ("limit" = Option<u32>, Query, description = "At most so many, 50 unless said otherwise, never more than 500"),
    ),
    responses(
        (status = 200, description = "The deliveries, redacted", body = ChannelDeliveryList),
        (status = 403, description = "Not for this caller, or a binding isn't granted", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let named: Vec<&str> = query.all("channelBindingId").collect();
    let proven = authority::prove_or_admin(&state, caller.member(), Target::Bindings(&named)).await?;
    let bindings: Option<Vec<String>> = match &proven {
        ChannelCaller::Gateway { bindings, .. } => Some(bindings.iter().map(|binding| binding.id.to_string()).collect()),
        ChannelCaller::Admin | ChannelCaller::Local => (!named.is_empty()).then(|| named.iter().map(|id| (*id).to_owned()).collect()),
    };
    let id = query.get("deliveryId");
    if !id.into_iter().chain(bindings.iter().flatten().map(String::as_str)).all(is_id) {
        return Ok(Json::of(&Answer { deliveries: Vec::new() }));
    }
    let filter = DeliveryFilter {
        id,
        status: query.get("status").and_then(DeliveryStatus::parse),
        bindings: bindings.as_deref(),
        last_claimed_by: proven.token().map(TokenId::as_str),
    };
    let limit = query.limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    let deliveries = state.node.store().deliveries(&caller.principal().org_id, &filter, limit).await?;
    Ok(Json::of(&Answer { deliveries: deliveries.iter().map(ChannelDelivery::public).collect() }))
}
