//! What auth mode `oidc` must have before the start. The provider itself is not asked: it may be away, and come back.

use super::Config;
use super::network::{host_of, is_loopback_host};
use super::problem::Findings;
use super::start_rules::is_public_https;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    issuer(config, findings);
    callback(config, findings);
    let server = &config.server;
    let is_exposed = server.is_exposed() || !server.listen.ip().to_canonical().is_loopback();
    if is_exposed && !server.public_url.as_deref().is_some_and(is_public_https) {
        findings.problem(
            "auth mode oidc on a public address needs a public https OPEN_COWORK_CLOUD_PUBLIC_URL: people come back to it from the provider",
        );
    }
    if config.auth.cookie.secret.is_none() {
        findings.warning("auth mode oidc without OPEN_COWORK_CLOUD_COOKIE_SECRET: desktops can sign in, browsers can't");
    }
}

/// Whoever can answer in the provider's name can sign in as anybody.
fn issuer(config: &Config, findings: &mut Findings) {
    let oidc = &config.auth.oidc;
    if oidc.client_id.is_none() {
        findings.problem("auth mode oidc needs OPEN_COWORK_CLOUD_OIDC_CLIENT_ID");
    }
    let Some(issuer) = &oidc.issuer else {
        findings.problem("auth mode oidc needs OPEN_COWORK_CLOUD_OIDC_ISSUER_URL");
        return;
    };
    if issuer.contains(['?', '#', '@']) {
        findings.problem("OPEN_COWORK_CLOUD_OIDC_ISSUER_URL must have no query, fragment or user name");
    }
    let is_loopback = host_of(issuer).is_some_and(|host| is_loopback_host(&host));
    if !issuer.starts_with("https://") && !is_loopback {
        findings.problem("OPEN_COWORK_CLOUD_OIDC_ISSUER_URL must be https, unless the provider runs on this machine");
    }
}

/// It takes precedence over every other route, so it must not hide one.
fn callback(config: &Config, findings: &mut Findings) {
    let path = &config.auth.oidc.callback_path;
    let is_plain = |segment: &str| {
        let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        plain && !matches!(segment, "" | "." | "..")
    };
    if !path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_plain)) {
        findings.problem(format!(
            "OPEN_COWORK_CLOUD_OIDC_CALLBACK_PATH is \"{path}\": expected a path of letters, digits and -._~, such as /auth/callback"
        ));
        return;
    }
    let first = path.split('/').nth(1).unwrap_or_default();
    let is_ours =
        matches!(first, "api" | "app" | "docs" | "livez" | "metrics" | "openapi.json" | "progressz" | "readyz" | "scim" | "webhooks");
    let is_other = ["/auth/me", "/auth/login", "/auth/logout", "/auth/session", "/auth/desktop/config"].contains(&path.as_str());
    if is_ours || is_other {
        findings.problem(format!("OPEN_COWORK_CLOUD_OIDC_CALLBACK_PATH is \"{path}\", which is another route of this server"));
    }
}
