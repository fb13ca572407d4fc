//! `GET /auth/login`: sends a browser to the provider (contract 00 §3.6).

use super::{browser_oidc::BrowserOidc, state_cookie};
use crate::{
    config::network::is_loopback_host,
    http::{error::ApiError, query::Query, schema::ErrorBody, state::HttpState},
    identity::oidc::LoginRequest,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use cowork_domain::codes::Code;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header, uri::Authority};

/// Sign in with a browser.
#[utoipa::path(get, path = "/auth/login", operation_id = "login", tag = "identity",
    params(("returnTo" = Option<String>, Query, description = "Where to go afterwards: a path that begins with exactly one `/`",
        example = "/app/")),
    responses(
        (status = 302, description = "To the OpenID provider, with a cookie that remembers the login for ten minutes"),
        (status = 404, description = "This deployment has no browser sign-in", body = ErrorBody,
            example = json!({"error": "Cloud browser OIDC login is not configured.", "code": "resource.not_found"})),
        (status = 503, description = "The OpenID provider can't be asked", body = ErrorBody,
            example = json!({"error": "Cloud OIDC provider is unavailable.", "code": "auth.provider_unavailable"})),
    ))]
pub(super) async fn login(State(state): State<HttpState>, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    let oidc = BrowserOidc::of(&state)?.ok_or_else(|| ApiError::not_found("Cloud browser OIDC login is not configured."))?;
    let origin = origin(state.public_url(), &headers)?;
    let query = Query::of(&uri);
    let asked = LoginRequest { return_to: query.get("returnTo"), origin: &origin, secret: oidc.key };
    let start = oidc.provider.begin_login(asked, state.node.clock()).await?;
    let cookie = state_cookie::given(&start.state_cookie, state.options.browser_sessions.secure);
    let location = HeaderValue::try_from(start.location).map_err(|_| unusable())?;
    let headers =
        [(header::LOCATION, location), (header::SET_COOKIE, cookie), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::FOUND, headers).into_response())
}

/// Where the browser reaches this server. Without a configured address only a browser on this machine is believed: for any other,
/// the name in its request could be one that leads elsewhere.
fn origin(public_url: Option<&str>, headers: &HeaderMap) -> Result<String, ApiError> {
    if let Some(url) = public_url {
        return Ok(url.to_owned());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse::<Authority>().ok());
    match host {
        Some(host) if is_loopback_host(host.host()) && !host.as_str().contains('@') => Ok(format!("http://{host}")),
        _ => Err(ApiError::invalid("Sign in at the public address of this server.")),
    }
}

fn unusable() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud OIDC provider is unavailable.").code(Code::AuthProviderUnavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_public_address_only_this_machine_signs_in() {
        let with = |host: &'static str| HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        assert_eq!(origin(None, &with("127.0.0.1:8787")).expect("this machine"), "http://127.0.0.1:8787");
        assert_eq!(origin(None, &with("[::1]:8787")).expect("this machine"), "http://[::1]:8787");
        assert_eq!(origin(Some("https://cloud.example"), &with("evil.example")).expect("configured"), "https://cloud.example");
        for host in ["evil.example", "127.0.0.1@evil.example", "evil.example@127.0.0.1", "127.0.0.1.evil.example", "", "10.0.0.1"] {
            assert!(origin(None, &with(host)).is_err(), "{host}");
        }
        assert!(origin(None, &HeaderMap::new()).is_err());
    }
}
