//! Everything below `/auth/` that is no route (contract 00 §3.6).

use crate::http::{error::ApiError, state::HttpState};
use axum::extract::State;

/// 404 with the contract's text: whether it is the route that is missing, or all of browser sign-in.
pub(super) async fn unknown(State(state): State<HttpState>) -> ApiError {
    ApiError::not_found(if state.authenticator.signing_key().is_some() {
        "Not found."
    } else {
        "Cloud browser sessions are not configured."
    })
}
