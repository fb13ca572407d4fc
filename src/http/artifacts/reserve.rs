//! The presigned half of `POST /api/sessions/{id}/artifacts` (contract 05 §1.3).

use super::metadata::direct_upload;
use crate::http::{answer::Json, body::Fields, error::ApiError, state::HttpState};
use cowork_domain::{ids::SessionId, principal::Principal, timestamp::Timestamp};
use cowork_objects::Upload;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Answer<'a> {
    upload: Way<'a>,
}

#[derive(Serialize)]
#[serde(tag = "transfer", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Way<'a> {
    Unsupported,
    Presigned {
        artifact_id: &'a str,
        upload_url: &'a str,
        upload_method: &'static str,
        /// Of a form.
        #[serde(skip_serializing_if = "Option::is_none")]
        upload_fields: Option<Map<String, Value>>,
        /// Of an address. Our addition to the contract.
        #[serde(skip_serializing_if = "Option::is_none")]
        upload_headers: Option<Map<String, Value>>,
        upload_expires_at: Timestamp,
    },
}

/// Where it can't be, it can't be: even a malformed request is told so, and its browser uploads through us. The contract's clients
/// know forms alone, so an address is for those that say that they can put (`can_put`).
pub(super) async fn reserve(
    state: &HttpState,
    by: &Principal,
    session: SessionId,
    fields: &Fields,
    can_put: bool,
) -> Result<Json, ApiError> {
    let artifacts = &state.artifacts;
    if !artifacts.takes_direct_uploads() || !(artifacts.takes_forms() || can_put) {
        return Ok(Json::of(&Answer { upload: Way::Unsupported }));
    }
    let upload = direct_upload(fields)?;
    let way = artifacts.reserve(&by.org_id, session, &upload, state.node.clock().now()).await?;
    let (upload_method, upload_url, upload_fields, upload_headers, upload_expires_at) = match &way {
        Upload::Form(form) => ("POST", &form.url, Some(texts(&form.fields)), None, form.expires_at),
        Upload::Address(address) => ("PUT", &address.url, None, Some(texts(&address.headers)), address.expires_at),
    };
    let artifact_id = &upload.artifact;
    let way = Way::Presigned { artifact_id, upload_url, upload_method, upload_fields, upload_headers, upload_expires_at };
    Ok(Json::of(&Answer { upload: way }))
}

fn texts(pairs: &[(&'static str, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
}
