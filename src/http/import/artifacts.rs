//! The files that come with an imported session.
//!
//! They are stored before the session begins and are in its log from its first moment, in the same transaction. What was stored for
//! a session that then didn't begin is given up.

use crate::http::{
    artifacts::{decoded, draft, keep},
    body::Fields,
    error::ApiError,
    state::HttpState,
};
use bytes::Bytes;
use cowork_domain::{
    artifact::ArtifactDraft, codes::Code, event::ArtifactRecord, ids::SessionId, import::MAX_ARTIFACTS, policy::Feature,
    principal::Principal,
};
use http::StatusCode;
use serde_json::Value;

/// A file before it is stored.
pub(super) struct ImportedArtifact {
    draft: ArtifactDraft,
    content: Bytes,
}

/// Reads all of them, or says what is wrong with the first that can't be one.
pub(super) fn read(artifacts: Option<Value>) -> Result<Vec<ImportedArtifact>, ApiError> {
    let artifacts = match artifacts {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(artifacts)) if artifacts.len() <= MAX_ARTIFACTS => artifacts,
        Some(_) => {
            return Err(ApiError::invalid(format!("Session import artifacts must be an array of at most {MAX_ARTIFACTS} items.")));
        }
    };
    artifacts.into_iter().zip(1..).map(|(artifact, number)| read_one(artifact).map_err(|error| numbered(error, number))).collect()
}

fn read_one(artifact: Value) -> Result<ImportedArtifact, ApiError> {
    let fields = match artifact {
        Value::Object(fields) => Fields(fields),
        _ => Fields::default(),
    };
    Ok(ImportedArtifact { draft: draft(&fields)?, content: decoded(&fields)?.into() })
}

/// The same refusal as of an upload; counted from 1 (contract 01 §2).
fn numbered(error: ApiError, number: u32) -> ApiError {
    error.preceded_by(&format!("Session import artifact {number}: "))
}

/// Stores them all, or none; for a session that begins next.
pub(super) async fn store(
    state: &HttpState,
    by: &Principal,
    session: SessionId,
    artifacts: Vec<ImportedArtifact>,
) -> Result<Vec<ArtifactRecord>, ApiError> {
    if !artifacts.is_empty() && !state.options.features.has(Feature::Artifacts) {
        return Err(
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud artifact storage is not configured.").code(Code::ArtifactStorageOff)
        );
    }
    let mut stored = Vec::with_capacity(artifacts.len());
    for ImportedArtifact { draft, content } in artifacts {
        match keep(state, &by.org_id, session, draft, content).await {
            Ok(record) => stored.push(record),
            Err(error) => {
                give_up(state, by, session, &stored).await;
                return Err(error);
            }
        }
    }
    Ok(stored)
}

/// The session didn't begin. What can't be given up now is found by its row later.
pub(super) async fn give_up(state: &HttpState, by: &Principal, session: SessionId, stored: &[ArtifactRecord]) {
    for record in stored {
        if let Err(error) = state.artifacts.give_up(&by.org_id, session, &record.artifact_id).await {
            tracing::warn!(%session, %error, "a content that no session has is given up later");
        }
    }
}
