//! The cookie that a browser carries while it is at the provider (contract 00 §3.6). `SameSite=Lax` as all of ours, because the
//! browser comes back from another site: a stricter cookie would stay behind.

use crate::identity::{cookie, oidc::LOGIN_LIFETIME};
use http::{HeaderMap, HeaderValue};
use std::time::Duration;

const NAME: &str = "open_cowork_cloud_oidc";

/// Gives the cookie.
pub(super) fn given(value: &str, is_secure: bool) -> HeaderValue {
    cookie::set_cookie(NAME, value, LOGIN_LIFETIME, true, is_secure)
}

/// Takes it back.
pub(super) fn cleared(is_secure: bool) -> HeaderValue {
    cookie::set_cookie(NAME, "", Duration::ZERO, true, is_secure)
}

/// Its value in a request.
pub(super) fn value(headers: &HeaderMap) -> Option<&str> {
    cookie::value(headers, NAME)
}
