//! `GET /api/channels/sessions/{sessionBindingId}/artifacts/{artifactId}` (contract 04 §5).

use super::owned;
use crate::http::{
    answer::Json,
    artifacts,
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::ErrorBody,
    state::HttpState,
};
use axum::extract::{Path, State};
use http::Uri;

/// Fetch an artifact of a thread's session with its content, as base64.
#[utoipa::path(get, path = "/api/channels/sessions/{sessionBindingId}/artifacts/{artifactId}", operation_id = "readChannelArtifact", tag = "channels",
    params(
        ("sessionBindingId" = String, Path, description = "The thread's id"),
        ("artifactId" = String, Path, description = "The artifact's id"),
        ("transfer" = Option<String>, Query, description = "`presigned` asks for an address to download from"),
    ),
    responses(
        (status = 200, description = "The artifact", body = serde_json::Value,
            example = json!({"artifact": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "filename": "q3 report.pdf", "dataBase64": "JVBERi0xLjQgZGVtbw=="}})),
        (status = 403, description = "The token doesn't reach such a thread", body = ErrorBody),
        (status = 404, description = "The session has no such artifact, or its content isn't kept", body = ErrorBody),
        (status = 503, description = "The object store is away, or there is none", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn read(
    State(state): State<HttpState>,
    caller: Caller,
    Path((id, artifact)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json, ApiError> {
    let by = authority::prove(&state, caller.member(), Target::SessionBinding(&id)).await?;
    let (thread, _) = authority::session_binding(&state, &by, &caller.principal().org_id, &id).await?;
    owned(&state, &caller, thread.session).await?;
    artifacts::fetch(&state, caller.principal(), thread.session, &artifact, Query::of(&uri).get("transfer")).await
}
