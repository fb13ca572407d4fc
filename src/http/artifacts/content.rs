//! `GET /api/sessions/{id}/artifacts/{artifactId}/content`: the bytes as they are. Our addition to the contract.

use super::{
    ArtifactPath, download, find,
    range::{Asked, asked},
};
use crate::{
    artifacts::{content_disposition, shown_type},
    http::{error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use cowork_domain::artifact::Transfer;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Nothing of an artifact runs, whatever it is and however a browser came to it.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Fetch the bytes of an artifact, or one range of them.
///
/// The whole content is verified before any byte of it is sent, also for a range: artifacts have at most 25 MiB. Types that a
/// browser could run are sent to be saved, never to be shown.
#[utoipa::path(get, path = "/api/sessions/{id}/artifacts/{artifactId}/content", operation_id = "readArtifactContent", tag = "artifacts",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("artifactId" = String, Path, description = "The artifact's id"),
        ("Range" = Option<String>, Header, description = "One range, `bytes=first-last`"),
    ),
    responses(
        (status = 200, description = "The bytes"),
        (status = 206, description = "The range"),
        (status = 304, description = "What the client has already"),
        (status = 404, description = "No such session or artifact, or its content isn't kept", body = ErrorBody),
        (status = 416, description = "The range lies beyond the content", body = ErrorBody),
        (status = 503, description = "The object store is away", body = ErrorBody),
    ))]
pub(super) async fn content(
    State(state): State<HttpState>,
    caller: Caller,
    path: ArtifactPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by = caller.principal();
    let session = path.session()?;
    let record = find(&state, by, session, path.artifact()?).await?;
    let (object, content) = state.artifacts.content(&by.org_id, session, &record.artifact_id).await?;
    let tag = format!("\"{}\"", object.sha256);
    let said = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_known = said(header::IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.split(',').any(|known| known.trim() == tag));
    // A range of another content than the client has would be of no use to it.
    let range = said(header::RANGE).filter(|_| said(header::IF_RANGE).is_none_or(|known| known.trim() == tag));
    let length = content.len();
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match asked(range, length) {
            Asked::All => Response::new(Body::from(content)),
            Asked::Part(part) => {
                let shown = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                let mut response = Response::new(Body::from(content.slice(part)));
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                response.headers_mut().insert(header::CONTENT_RANGE, text(&shown));
                response
            }
            Asked::Beyond => {
                let error = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "The range lies beyond the content.");
                let mut response = error.into_response();
                response.headers_mut().insert(header::CONTENT_RANGE, text(&format!("bytes */{length}")));
                return Ok(response);
            }
        }
    };
    if !is_known {
        download::record(&state, by, session, &record, Transfer::Buffered).await?;
    }
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, text(&shown_type(record.mime.as_deref())));
    fields.insert(header::CONTENT_DISPOSITION, text(&content_disposition(record.mime.as_deref(), &record.filename)));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fields.insert(header::ETAG, text(&tag));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// A header of ours; a type that somebody once stored and that can't be one is none.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}
