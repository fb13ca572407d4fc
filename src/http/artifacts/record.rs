//! An artifact as clients see it (contract 05 §1.1). It never says where its content lies.

use cowork_domain::{event::ArtifactRecord, ids::SessionId};
use serde::Serialize;

/// The public record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicArtifact<'a> {
    #[serde(flatten)]
    record: &'a ArtifactRecord,
    /// Its place in the answer.
    order: usize,
    session_id: SessionId,
    session_title: Option<&'a str>,
    workspace_id: Option<String>,
}

impl<'a> PublicArtifact<'a> {
    /// Alone in its answer.
    pub(super) const fn alone(session: SessionId, record: &'a ArtifactRecord) -> Self {
        Self { record, order: 0, session_id: session, session_title: None, workspace_id: None }
    }

    /// One of many.
    pub(super) const fn listed(
        session: SessionId,
        record: &'a ArtifactRecord,
        order: usize,
        title: Option<&'a str>,
        workspace_id: String,
    ) -> Self {
        Self { record, order, session_id: session, session_title: title, workspace_id: Some(workspace_id) }
    }
}

/// `{artifact}`.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a> {
    pub(super) artifact: PublicArtifact<'a>,
}
