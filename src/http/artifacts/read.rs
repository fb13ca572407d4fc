//! `GET /api/sessions/{id}/artifacts/{artifactId}` (contract 05 §1.3).

use super::{ArtifactPath, artifact_path::is_name, download, find, record::PublicArtifact, refusals};
use crate::http::{answer::Json, error::ApiError, gate::Caller, query::Query, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cowork_domain::{artifact::Transfer, ids::SessionId, principal::Principal, timestamp::Timestamp};
use http::Uri;
use serde::Serialize;

#[derive(Serialize)]
struct Answer<'a> {
    artifact: Fetched<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fetched<'a> {
    #[serde(flatten)]
    artifact: PublicArtifact<'a>,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Content {
    Buffered { data_base64: String },
    Presigned { transfer: &'static str, download_url: String, download_expires_at: Timestamp },
}

/// Fetch an artifact with its content.
///
/// The content comes as base64; with `?transfer=presigned` as an address of the object store, where that can give one. Its bytes
/// as they are: `/content`.
#[utoipa::path(get, path = "/api/sessions/{id}/artifacts/{artifactId}", operation_id = "readArtifact", tag = "artifacts",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("artifactId" = String, Path, description = "The artifact's id"),
        ("transfer" = Option<String>, Query, description = "`presigned` asks for an address to download from"),
    ),
    responses(
        (status = 200, description = "The artifact", body = serde_json::Value,
            example = json!({"artifact": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "filename": "q3 report.pdf", "dataBase64": "JVBERi0xLjQgZGVtbw=="}})),
        (status = 404, description = "No such session or artifact, or its content isn't kept", body = ErrorBody),
        (status = 503, description = "The object store is away", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller, path: ArtifactPath, uri: Uri) -> Result<Json, ApiError> {
    let session = path.session()?;
    fetch(&state, caller.principal(), session, path.artifact()?, Query::of(&uri).get("transfer")).await
}

/// An artifact of the caller with its content, or with its address where `transfer` asks for that.
pub(in crate::http) async fn fetch(
    state: &HttpState,
    by: &Principal,
    session: SessionId,
    artifact: &str,
    transfer: Option<&str>,
) -> Result<Json, ApiError> {
    if !is_name(artifact) {
        return Err(refusals::unknown());
    }
    let record = find(state, by, session, artifact).await?;
    let address = match transfer {
        Some("presigned") => state.artifacts.address(&by.org_id, session, &record, state.node.clock().now()).await?,
        _ => None,
    };
    let (content, transfer) = if let Some((download_url, download_expires_at)) = address {
        (Content::Presigned { transfer: "presigned", download_url, download_expires_at }, Transfer::Presigned)
    } else {
        let (_, content) = state.artifacts.content(&by.org_id, session, &record.artifact_id).await?;
        (Content::Buffered { data_base64: STANDARD.encode(content) }, Transfer::Buffered)
    };
    download::record(state, by, session, &record, transfer).await?;
    Ok(Json::of(&Answer { artifact: Fetched { artifact: PublicArtifact::alone(session, &record), content } }))
}
