//! The artifact that a path names.

use super::refusals;
use crate::http::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use cowork_domain::ids::SessionId;
use http::request::Parts;

/// The longest name of an artifact; those of ours have 36.
const LONGEST: usize = 512;

/// `{id}` and `{artifactId}` of an artifact's routes. Text that can be no artifact's name names none.
pub(super) struct ArtifactPath {
    session: Option<SessionId>,
    artifact: Option<String>,
}

impl ArtifactPath {
    /// The session, or 404.
    pub(super) fn session(&self) -> Result<SessionId, ApiError> {
        self.session.ok_or_else(ApiError::session_not_found)
    }

    /// The artifact, or 404.
    pub(super) fn artifact(&self) -> Result<&str, ApiError> {
        self.artifact.as_deref().ok_or_else(refusals::unknown)
    }
}

/// Whether a text can be an artifact's name.
pub(super) fn is_name(artifact: &str) -> bool {
    !artifact.is_empty() && artifact.len() <= LONGEST && !artifact.chars().any(char::is_control)
}

impl<S: Send + Sync> FromRequestParts<S> for ArtifactPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segments = Path::<(String, String)>::from_request_parts(parts, state).await;
        let (session, artifact) = segments.map(|Path(segments)| segments).unwrap_or_default();
        Ok(Self { session: session.parse().ok(), artifact: is_name(&artifact).then_some(artifact) })
    }
}
