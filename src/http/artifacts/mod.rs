//! What agents made and what people uploaded (contract 05 §1).

mod abort;
mod artifact_path;
mod content;
mod download;
mod finalize;
mod index;
mod list;
mod metadata;
mod range;
mod read;
mod record;
mod refusals;
mod reserve;
mod status;
mod upload;

pub(super) use metadata::draft;
pub(super) use read::fetch;
pub(super) use upload::{decoded, keep};

use super::{error::ApiError, gate::Gate, state::HttpState};
use artifact_path::ArtifactPath;
use cowork_domain::{event::ArtifactRecord, ids::SessionId, policy::Action, principal::Principal};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ArtifactsIndex, routes!(index::index)))
        .routes(gate.allow(Action::ArtifactsList, routes!(list::list)))
        .routes(gate.allow(Action::ArtifactsUpload, routes!(upload::upload)))
        .routes(gate.allow(Action::ArtifactsRead, routes!(read::read)))
        .routes(gate.allow(Action::ArtifactsRead, routes!(content::content)))
        .routes(gate.allow(Action::ArtifactsFinalize, routes!(finalize::finalize)))
        .routes(gate.allow(Action::ArtifactsAbort, routes!(abort::abort)))
        .routes(gate.allow(Action::ArtifactsUpdate, routes!(status::status)))
}

/// An artifact of the caller, as its log says, or 404.
async fn find(state: &HttpState, by: &Principal, session: SessionId, artifact: &str) -> Result<ArtifactRecord, ApiError> {
    state.node.session_identity(by, session).await?;
    let payload = state.node.store().find_artifact(by.workspace(), session, artifact).await?;
    let record = payload.and_then(|payload| serde_json::from_str(&payload).ok());
    record.ok_or_else(refusals::unknown)
}
