//! Everything below `/auth/` that is no route (contract 00 §3.6).

use super::open_session::signing_key;
use crate::http::{error::ApiError, state::HttpState};
use axum::extract::State;

/// 404 with the contract's text: whether it is the route that is missing, or all of browser sign-in.
pub(super) async fn unknown(State(state): State<HttpState>) -> ApiError {
    signing_key(&state).err().unwrap_or_else(|| ApiError::not_found("Not found."))
}
