//! The cookie that a browser carries while it is at the provider (contract 00 §3.6).

use crate::{http::error::ApiError, identity::oidc::LOGIN_LIFETIME};
use http::{HeaderMap, HeaderValue, StatusCode, header};

const NAME: &str = "open_cowork_cloud_oidc";

/// `SameSite=Lax`, because the browser comes back from another site: a stricter cookie would stay behind.
fn cookie(value: &str, max_age: u64, is_secure: bool) -> Result<HeaderValue, ApiError> {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error."))
}

/// Gives the cookie.
pub(super) fn given(value: &str, is_secure: bool) -> Result<HeaderValue, ApiError> {
    cookie(value, LOGIN_LIFETIME.as_secs(), is_secure)
}

/// Takes it back.
pub(super) fn cleared(is_secure: bool) -> Result<HeaderValue, ApiError> {
    cookie("", 0, is_secure)
}

/// Its value in a request.
pub(super) fn value(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == NAME).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others_and_out_of_reach_of_scripts() {
        let mut headers = HeaderMap::new();
        assert_eq!(value(&headers), None);
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; open_cowork_cloud_oidcx=2;b"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3;open_cowork_cloud_oidc=p.s"));
        assert_eq!(value(&headers), Some("p.s"));
        assert_eq!(
            given("p.s", true).expect("plain text"),
            "open_cowork_cloud_oidc=p.s; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(cleared(false).expect("plain text"), "open_cowork_cloud_oidc=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }
}
