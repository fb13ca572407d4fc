//! `GET /auth/desktop/config` (contract 00 §3.6).

use crate::http::{error::ApiError, schema::ErrorBody};

/// Read how a desktop client signs in; only where OpenID Connect is configured.
#[utoipa::path(get, path = "/auth/desktop/config", operation_id = "getDesktopAuthConfig", tag = "identity",
    responses((status = 404, description = "This deployment does not use OpenID Connect", body = ErrorBody,
        example = json!({"error": "Cloud desktop auth is not configured."}))))]
pub(super) async fn get() -> ApiError {
    ApiError::not_found("Cloud desktop auth is not configured.")
}
