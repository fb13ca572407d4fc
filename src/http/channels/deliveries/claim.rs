//! `POST /api/channels/deliveries/claim`: the pull protocol, beside the stream.

use super::{
    claimant::{self, Claimant},
    sources::Sources,
    stream::bindings,
};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    schema::{ClaimDeliveriesRequest, ClaimedDeliveries, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::delivery::{ChannelDelivery, ShownDelivery};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

const DEFAULT_MAX: u64 = 16;
const MOST: u64 = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct Answer<'a> {
    deliveries: Vec<ShownDelivery<'a>>,
}

/// Claim deliveries that are due, and wait for them if none is.
///
/// Each comes with a `claimToken` that names this attempt: acknowledge and renew with it, and whoever lost a delivery learns so
/// instead of sending it twice. Ask for as many as there are free slots. One delivery of each place of a chat comes at a time,
/// in its order.
#[utoipa::path(post, path = "/api/channels/deliveries/claim", operation_id = "claimChannelDeliveries", tag = "channels",
    request_body(content = ClaimDeliveriesRequest, example = json!({"channelBindingIds": ["channel_binding_0002ab12cd34ef567890ab12cd34ef56"], "max": 8, "waitMs": 20000, "ttlMs": 60000, "claimedBy": "gateway:a"})),
    responses(
        (status = 200, description = "What is to be sent now, not redacted; none if nothing was due in time", body = ClaimedDeliveries),
        (status = 400, description = "A field is malformed", body = ErrorBody),
        (status = 403, description = "A binding isn't granted or isn't served", body = ErrorBody),
        (status = 429, description = "The organisation used up its deliveries of this hour", body = ErrorBody,
            example = json!({"error": "Gateway delivery quota exceeded.", "code": "quota.gateway_deliveries_per_hour_exceeded", "retryAfterMs": 1_800_000})),
        (status = 503, description = "The binding's owner or the database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn claim(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let named = named(fields)?;
    let proven = authority::prove(&state, caller.member(), Target::Bindings(&named)).await?;
    let bindings = bindings(&state, &caller, &proven, &named).await?;
    let number = |name: &str| fields.value(name).and_then(Value::as_u64);
    let max = number("max").filter(|max| *max > 0).unwrap_or(DEFAULT_MAX).min(MOST);
    let wait = number("waitMs").map_or(Duration::ZERO, Duration::from_millis).min(LONGEST_WAIT);
    let claimant = Claimant::of(&state, &caller, &proven, fields.text("claimedBy"), claimant::ttl(number("ttlMs"))).await?;
    let taken = take(&state, Sources::new(state.clone(), claimant, bindings), usize::try_from(max).unwrap_or(1), wait).await?;
    Ok(Json::of(&Answer { deliveries: taken.iter().map(ChannelDelivery::raw).collect() }))
}

/// What is due now; if nothing is, whatever is first within the wait. A claim that fails takes nothing away from what was
/// claimed before: that is answered.
async fn take(state: &HttpState, mut sources: Sources, max: usize, wait: Duration) -> Result<Vec<ChannelDelivery>, ApiError> {
    let clock = state.node.clock();
    let deadline = clock.instant() + wait;
    let mut taken = Vec::new();
    loop {
        while sources.is_open() && taken.len() < max {
            let room = u32::try_from(max - taken.len()).unwrap_or(u32::MAX);
            match sources.claim(room, None).await {
                Ok(deliveries) => taken.extend(deliveries),
                Err(error) if taken.is_empty() => return Err(error.into()),
                Err(_) => return Ok(taken),
            }
        }
        let left = deadline.saturating_duration_since(clock.instant());
        if !taken.is_empty() || left.is_zero() || state.closing.is_cancelled() {
            return Ok(taken);
        }
        tokio::select! {
            () = sources.wait(left) => {}
            () = state.closing.cancelled() => {}
        }
    }
}

fn named(fields: &Fields) -> Result<Vec<&str>, ApiError> {
    let malformed = || ApiError::invalid("channelBindingIds must be an array of ids.");
    match fields.value("channelBindingIds") {
        None => Ok(Vec::new()),
        Some(Value::Array(ids)) => ids.iter().map(|id| id.as_str().ok_or_else(malformed)).collect(),
        Some(_) => Err(malformed()),
    }
}
