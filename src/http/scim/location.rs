//! Where a resource is, as the directory reached us.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::convert::Infallible;

/// Everything but what RFC 3986 §2.3 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Scheme and host of a request.
pub(super) struct Location {
    base: String,
}

impl Location {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = text("x-forwarded-proto").split(',').next().unwrap_or_default().trim();
        let scheme = if first.eq_ignore_ascii_case("https") { "https" } else { "http" };
        Self { base: format!("{scheme}://{}/scim/v2", text(header::HOST.as_str())) }
    }

    /// Of something that there is one of.
    pub(super) fn service(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// Of a user or a group. Ids of ours need no encoding; those of a directory may.
    pub(super) fn resource(&self, kind: &str, id: &str) -> String {
        format!("{}/{kind}/{}", self.base, utf8_percent_encode(id, RESERVED))
    }
}

impl<S: Sync> FromRequestParts<S> for Location {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_says_whether_it_was_https() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "cloud.test:8801".parse().expect("a value"));
        assert_eq!(Location::of(&headers).resource("Users", "account_1"), "http://cloud.test:8801/scim/v2/Users/account_1");
        headers.insert("x-forwarded-proto", "HTTPS".parse().expect("a value"));
        assert_eq!(Location::of(&headers).resource("Groups", "a b/c"), "https://cloud.test:8801/scim/v2/Groups/a%20b%2Fc");
    }
}
