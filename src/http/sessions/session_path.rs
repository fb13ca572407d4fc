//! The session that a path names.

use crate::http::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use cowork_domain::ids::SessionId;
use http::request::Parts;

/// `{id}` of a session's routes. Text that is no session id names no session, but handlers first
/// look at the body, as the contract orders it, so the extractor itself never fails.
pub(in crate::http) struct SessionPath(Option<SessionId>);

impl SessionPath {
    /// The session, if it can be one.
    pub(in crate::http) const fn named(&self) -> Option<SessionId> {
        self.0
    }

    /// The session, or 404.
    pub(in crate::http) fn id(&self) -> Result<SessionId, ApiError> {
        self.0.ok_or_else(ApiError::session_not_found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segment = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(segment.ok().and_then(|Path(text)| text.parse().ok())))
    }
}
