//! `POST /api/sessions/{id}/artifacts` (contract 05 §1.3).

use super::{
    metadata::draft,
    record::{Envelope, PublicArtifact},
    refusals, reserve,
};
use crate::{
    artifacts::NewContent,
    http::{
        answer::Json,
        billing,
        body::{BulkJsonBody, Fields, JsonBody},
        error::ApiError,
        gate::Caller,
        query::Query,
        schema::ErrorBody,
        sessions::SessionPath,
        state::HttpState,
    },
};
use axum::extract::State;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use cowork_domain::{
    artifact::{ArtifactChange, ArtifactDraft, MAX_ARTIFACT_BYTES, PublishArtifact, Transfer},
    billing::BillingAction,
    event::ArtifactRecord,
    ids::{OrgId, SessionId},
};
use http::{StatusCode, Uri};

/// With or without padding: clients send both.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Upload an artifact.
///
/// The content travels in the body. With `?transfer=presigned` the answer is a form instead, by which a browser puts the content
/// straight into the object store, or `{"upload":{"transfer":"unsupported"}}` where that can't be. Some stores sign addresses and no
/// forms; with `uploadMethod=PUT` a client says that it takes one, with the headers that have to come along (`uploadHeaders`).
#[utoipa::path(post, path = "/api/sessions/{id}/artifacts", operation_id = "uploadArtifact", tag = "artifacts",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("transfer" = Option<String>, Query, description = "`presigned` asks for a way to upload straight to the object store"),
        ("uploadMethod" = Option<String>, Query, description = "`PUT`: where there is no form, an address to put the content to will do"),
    ),
    request_body(content = serde_json::Value, example = json!({"filename": "q3 report.pdf", "contentType": "application/pdf", "dataBase64": "JVBERi0xLjQgZGVtbw=="})),
    responses(
        (status = 201, description = "It is published", body = serde_json::Value,
            example = json!({"artifact": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "filename": "q3 report.pdf", "size": 13}})),
        (status = 200, description = "A form or an address, or that there is none", body = serde_json::Value, example = json!({"upload": {"transfer": "unsupported"}})),
        (status = 400, description = "A field is missing or malformed", body = ErrorBody),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 409, description = "The upload can't go on as it is", body = ErrorBody),
        (status = 413, description = "Larger than 25 MiB", body = ErrorBody, example = json!({"error": "Artifact is too large.", "code": "artifacts.too_large"})),
        (status = 429, description = "The organisation used up its bytes of this day", body = ErrorBody),
        (status = 503, description = "The object store is away", body = ErrorBody),
    ))]
pub(super) async fn upload(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    uri: Uri,
    BulkJsonBody(JsonBody { raw, fields }): BulkJsonBody,
) -> Result<Json, ApiError> {
    let by = caller.principal();
    let session = session.id()?;
    state.node.session_identity(by, session).await?;
    billing::require(&state, &by.org_id, BillingAction::ArtifactUpload).await?;
    let query = Query::of(&uri);
    if query.get("transfer") == Some("presigned") {
        let can_put = query.get("uploadMethod").is_some_and(|method| method.eq_ignore_ascii_case("put"));
        return reserve::reserve(&state, by, session, &fields, can_put).await;
    }
    let read = state.node.heavy().run(raw.len(), move || Ok::<_, ApiError>((draft(&fields)?, decoded(&fields)?))).await;
    let (draft, content) = read?;
    let record = keep(&state, &by.org_id, session, draft, content.into()).await?;
    let change = ArtifactChange::Publish(Box::new(PublishArtifact { by: by.clone(), record, transfer: Transfer::Buffered }));
    let record = state.node.change_artifact(by, session, change).await??;
    Ok(Json::of(&Envelope { artifact: PublicArtifact::alone(session, &record) }).with_status(StatusCode::CREATED))
}

/// Stores the content of a new artifact. No session has it yet.
pub(in crate::http) async fn keep(
    state: &HttpState,
    org: &OrgId,
    session: SessionId,
    draft: ArtifactDraft,
    content: Bytes,
) -> Result<ArtifactRecord, ApiError> {
    let artifact = state.node.clock().mint_artifact_id().hyphenated().to_string();
    let size = content.len() as u64;
    let new =
        NewContent { org, session, artifact: &artifact, filename: &draft.filename, content_type: draft.content_type.as_deref(), content };
    let checksum = state.artifacts.store(new).await?;
    Ok(draft.into_record(artifact, size, checksum.to_string(), state.node.clock().now()))
}

/// `dataBase64`, in either alphabet.
pub(in crate::http) fn decoded(fields: &Fields) -> Result<Vec<u8>, ApiError> {
    let text = fields.text("dataBase64").ok_or_else(|| ApiError::invalid("Artifact dataBase64 is required."))?.trim();
    // Looked at before it is decoded; three bytes are four characters.
    if text.len() as u64 / 4 * 3 > MAX_ARTIFACT_BYTES + 3 {
        return Err(refusals::too_large());
    }
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let content = engine.decode(text).map_err(|_| ApiError::invalid("Artifact dataBase64 must be base64."))?;
    if content.is_empty() {
        return Err(ApiError::invalid("Artifact dataBase64 is required."));
    }
    if content.len() as u64 > MAX_ARTIFACT_BYTES {
        return Err(refusals::too_large());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    fn read(text: String) -> Result<Vec<u8>, StatusCode> {
        let fields = Fields(Map::from_iter([("dataBase64".to_owned(), Value::from(text))]));
        decoded(&fields).map_err(|error| error.status())
    }

    #[test]
    fn a_content_is_base64_of_either_kind_and_of_bounded_size() {
        assert_eq!(read("+/8=".into()), Ok(vec![0xfb, 0xff]));
        assert_eq!(read(" -_8 ".into()), Ok(vec![0xfb, 0xff]));
        for bad in ["", "=", "a", "ab cd", "+_8="] {
            assert_eq!(read(bad.into()), Err(StatusCode::BAD_REQUEST), "{bad:?}");
        }
        assert_eq!(read("A".repeat(34_952_544)), Err(StatusCode::PAYLOAD_TOO_LARGE));
    }
}
