//! `GET /api/channels/deliveries/stream` (contract 04 §8).

use super::{
    claimant::{self, Claimant},
    feed::Feed,
    sources::Sources,
};
use crate::http::{
    channels::authority::{self, ChannelCaller, Target},
    connection::Connection,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelDeliveryEnvelope, ErrorBody},
    sse,
    state::HttpState,
    streams::{self, StreamKind},
};
use axum::{Extension, extract::State, response::Response};
use bytes::Bytes;
use cowork_domain::channel::{delivery::StreamCredit, ids::ChannelBindingId};
use http::Uri;

/// What a stream may have claimed and not acknowledged, unless it says otherwise.
const DEFAULT_CREDIT: u32 = 64;
const MOST_CREDIT: u32 = 1024;
/// Bindings of an organisation that are served at somebody's own machine, where nothing is granted.
const MOST_BINDINGS: u32 = 500;

/// Receive deliveries as they are due.
///
/// Connecting is claiming: what a frame carries is this stream's to send and to acknowledge, for `ttlMs`. One delivery of each
/// place of a chat comes at a time, in its order. Several streams of one binding share its deliveries; `credit` bounds what one
/// of them has in hand. The stream ends when its token, a grant or a binding loses its power.
#[utoipa::path(get, path = "/api/channels/deliveries/stream", operation_id = "followChannelDeliveries", tag = "channels",
    params(
        ("channelBindingId" = Option<Vec<String>>, Query, description = "Only deliveries of these bindings, all of which must be granted"),
        ("claimedBy" = Option<String>, Query, description = "The claimant's name; the token's id unless said otherwise"),
        ("ttlMs" = Option<u64>, Query, description = "How long each delivery may take: 30 s unless said otherwise, never more than an hour"),
        ("credit" = Option<u32>, Query, description = "Deliveries in hand at the same time, 64 unless said otherwise"),
    ),
    responses(
        (status = 200, description = "The stream; each `data` line of `channel.delivery` is one delivery, not redacted", content_type = "text/event-stream", body = ChannelDeliveryEnvelope),
        (status = 403, description = "A binding isn't granted or isn't served", body = ErrorBody),
        (status = 429, description = "The organisation has too many streams", body = ErrorBody),
        (status = 503, description = "The server is shutting down", body = ErrorBody),
    ))]
pub(super) async fn stream(
    State(state): State<HttpState>,
    caller: Caller,
    Extension(connection): Extension<Connection>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(&uri);
    let named: Vec<&str> = query.all("channelBindingId").collect();
    let proven = authority::prove(&state, caller.member(), Target::Bindings(&named)).await?;
    let bindings = bindings(&state, &caller, &proven, &named).await?;
    let permit = streams::admit_through(&state, caller.member(), bindings.clone(), StreamKind::Deliveries, connection.cut())?;
    let number = |name: &str| query.get(name).and_then(|text| text.trim().parse::<u64>().ok());
    let claimant = Claimant::of(&state, &caller, &proven, query.get("claimedBy"), claimant::ttl(number("ttlMs"))).await?;
    let credit = number("credit").filter(|credit| *credit > 0).map_or(DEFAULT_CREDIT, |credit| u32::try_from(credit).unwrap_or(u32::MAX));
    let credit = StreamCredit { stream: state.node.clock().mint_claim_id(), credit: credit.min(MOST_CREDIT) };
    let sources = Sources::new(state.clone(), claimant, bindings);
    let feed = Feed::new(sources, credit, state.options.keep_alive, state.revocations.clone());
    Ok(sse::open(&state, connection, Box::pin(feed.frames()), Bytes::new(), permit))
}

/// Which bindings a claimant serves: those it names, or all that it may.
pub(super) async fn bindings(
    state: &HttpState,
    caller: &Caller,
    proven: &ChannelCaller,
    named: &[&str],
) -> Result<Vec<ChannelBindingId>, ApiError> {
    let org = &caller.principal().org_id;
    match proven {
        ChannelCaller::Gateway { bindings, .. } => Ok(bindings.iter().map(|binding| binding.id.clone()).collect()),
        ChannelCaller::Admin | ChannelCaller::Local if named.is_empty() => {
            let all = state.node.store().channel_bindings(org, None, MOST_BINDINGS).await?;
            Ok(all.into_iter().filter(cowork_domain::channel::binding::ChannelBinding::is_active).map(|binding| binding.id).collect())
        }
        ChannelCaller::Admin | ChannelCaller::Local => {
            let mut found = Vec::with_capacity(named.len());
            for id in named {
                found.push(authority::binding(state, proven, org, id).await?.id);
            }
            found.dedup();
            Ok(found)
        }
    }
}
