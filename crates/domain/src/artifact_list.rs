//! The artifacts of one session, as its list shows them (contract 05 §1.1).

use crate::{
    ids::{Sequence, SessionId, TenantId},
    projection::ProjectedArtifact,
    session::SessionState,
};
use serde::Serialize;

/// The answer of `GET /api/sessions/{id}/artifacts`.
#[derive(Debug, Serialize)]
pub struct ArtifactList<'a> {
    artifacts: Vec<PublicArtifact<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicArtifact<'a> {
    artifact_id: &'a str,
    #[serde(flatten)]
    artifact: ProjectedArtifact,
    session_id: SessionId,
    /// The list of one session leaves it out.
    session_title: Option<&'a str>,
    workspace_id: String,
    content_type: Option<&'a str>,
}

/// The most that one answer holds.
const MOST: usize = 500;

impl<'a> ArtifactList<'a> {
    /// The newest first.
    pub fn of(state: &'a SessionState) -> Self {
        let mut newest_first: Vec<&ProjectedArtifact> = state.projection.artifacts().iter().collect();
        newest_first.sort_by(|one, other| (&other.updated_at, other.order).cmp(&(&one.updated_at, one.order)));
        let artifacts = (0..).zip(newest_first.into_iter().take(MOST));
        Self {
            artifacts: artifacts.map(|(order, artifact)| public(artifact, order, state.identity.session, &state.identity.tenant)).collect(),
        }
    }

    /// The answer's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an artifact has text keys and no fallible serialiser")
    }
}

fn public<'a>(artifact: &'a ProjectedArtifact, order: u64, session_id: SessionId, tenant: &TenantId) -> PublicArtifact<'a> {
    PublicArtifact {
        artifact_id: &artifact.id,
        // Lists count their own entries; in the log it is a sequence.
        artifact: ProjectedArtifact { order: Sequence(order), ..artifact.clone() },
        session_id,
        session_title: None,
        workspace_id: format!("cloud:{tenant}"),
        content_type: artifact.mime.as_deref(),
    }
}
