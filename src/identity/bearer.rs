//! The bearer token of a request.

use http::{HeaderMap, header};

/// What stands behind `Bearer` in the `Authorization` header; the scheme's case doesn't count.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
