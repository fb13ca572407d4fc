//! The presigned half of `POST /api/sessions/{id}/artifacts` (contract 05 §1.3).

use super::metadata::direct_upload;
use crate::http::{answer::Json, body::Fields, error::ApiError, state::HttpState};
use cowork_domain::{ids::SessionId, principal::Principal, timestamp::Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Answer<'a> {
    upload: Form<'a>,
}

#[derive(Serialize)]
#[serde(tag = "transfer", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Form<'a> {
    Unsupported,
    Presigned {
        artifact_id: &'a str,
        upload_url: &'a str,
        upload_method: &'static str,
        upload_fields: Map<String, Value>,
        upload_expires_at: Timestamp,
    },
}

/// Where it can't be, it can't be: even a malformed request is told so, and its browser uploads through us.
pub(super) async fn reserve(state: &HttpState, by: &Principal, session: SessionId, fields: &Fields) -> Result<Json, ApiError> {
    if !state.artifacts.takes_direct_uploads() {
        return Ok(Json::of(&Answer { upload: Form::Unsupported }));
    }
    let upload = direct_upload(fields)?;
    let form = state.artifacts.reserve(&by.org_id, session, &upload, state.node.clock().now()).await?;
    let upload_fields = form.fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    Ok(Json::of(&Answer {
        upload: Form::Presigned {
            artifact_id: &upload.artifact,
            upload_url: &form.url,
            upload_method: "POST",
            upload_fields,
            upload_expires_at: form.expires_at,
        },
    }))
}
