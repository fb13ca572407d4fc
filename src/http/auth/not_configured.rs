//! `/auth/session`, `/auth/login`, `/auth/logout` and the callback need browser sessions.

use crate::http::error::ApiError;

/// 404 with the contract's text.
pub(super) async fn browser_sessions() -> ApiError {
    ApiError::not_found("Cloud browser sessions are not configured.")
}
