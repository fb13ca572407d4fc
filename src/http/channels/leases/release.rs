//! `DELETE /api/channels/leases/{channelBindingId}`.

use crate::http::{
    answer::Json,
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::ErrorBody,
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::channel::ids::is_id;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether there was something to give back.
#[derive(Serialize, ToSchema)]
pub(super) struct Released {
    released: bool,
}

/// Give the lease of a channel binding back, so that the next gateway needn't wait for its end.
#[utoipa::path(delete, path = "/api/channels/leases/{channelBindingId}", operation_id = "releaseChannelLease", tag = "channels",
    params(
        ("channelBindingId" = String, Path, description = "The binding"),
        ("holder" = String, Query, description = "The name under which the lease is held"),
    ),
    responses(
        (status = 200, description = "It is free; `released` is false if it wasn't theirs", body = Released, example = json!({"released": true})),
        (status = 400, description = "The holder is missing or malformed", body = ErrorBody),
        (status = 403, description = "The binding isn't granted or isn't served", body = ErrorBody),
    ))]
pub(super) async fn release(
    State(state): State<HttpState>,
    caller: Caller,
    Path(binding): Path<String>,
    uri: Uri,
) -> Result<Json, ApiError> {
    let proven = authority::prove(&state, caller.member(), Target::Binding(&binding)).await?;
    let query = Query::of(&uri);
    let holder = query.get("holder").filter(|holder| is_id(holder)).ok_or_else(|| ApiError::invalid("holder is required."))?;
    let org = &caller.principal().org_id;
    let binding = authority::binding(&state, &proven, org, &binding).await?;
    let released = state.node.store().release_channel_lease(org, &binding.id, holder, proven.token()).await?;
    Ok(Json::of(&Released { released }))
}
