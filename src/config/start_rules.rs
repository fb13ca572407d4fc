//! Combinations that must not start: each rule is one function, and all of them are asked before anything is reported.

use super::Config;
use super::auth::AuthMode;
use super::cluster::Tier;
use super::cluster_rules;
use super::network::{host_of, is_loopback_host, is_routable_host};
use super::objects::ObjectStoreKind;
use super::oidc_rules;
use super::problem::Findings;
use super::secret::weakness;
use super::values::Values;
use cowork_domain::{
    email,
    signup::{SignupMode, is_consumer_domain},
};

pub(super) fn check(config: &Config, values: &Values, findings: &mut Findings) {
    cluster_rules::check(config, values, findings);
    object_store(config, findings);
    tokens(config, values, findings);
    operators(config, findings);
    if config.cluster.role.serves_clients() {
        match config.auth.mode {
            AuthMode::None => open_door(config, findings),
            AuthMode::Header => trusted_headers(config, findings),
            AuthMode::Oidc => oidc_rules::check(config, findings),
        }
        cookies(config, findings);
        signup(config, findings);
        foreign_origin(config, findings);
        proxies(config, findings);
    }
}

/// Where the production rules hold, they say it.
fn object_store(config: &Config, findings: &mut Findings) {
    let needs_bucket = config.objects.kind != ObjectStoreKind::Filesystem && config.objects.bucket.is_none();
    if needs_bucket && matches!(config.cluster.tier, Tier::Local | Tier::SelfHostBeta) {
        findings.problem("the object store of a provider needs OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET");
    }
}

fn tokens(config: &Config, values: &Values, findings: &mut Findings) {
    let tokens = &config.auth.tokens;
    if tokens.default_ttl > tokens.max_ttl {
        findings.problem("OPEN_COWORK_CLOUD_API_TOKEN_DEFAULT_TTL_MS is longer than OPEN_COWORK_CLOUD_API_TOKEN_MAX_TTL_MS");
    }
    if tokens.allowed_scopes.iter().any(|scope| scope == "worker-internal") {
        findings.warning("OPEN_COWORK_CLOUD_API_TOKEN_ALLOWED_SCOPES names worker-internal, which is never issued to anybody");
    }
    let settings = ["API_TOKEN_DEFAULT_TTL_MS", "API_TOKEN_MAX_TTL_MS", "API_TOKEN_ALLOWED_SCOPES"];
    let is_hosted = matches!(config.cluster.tier, Tier::PrivateBeta | Tier::PublicProduction) && config.cluster.role.serves_clients();
    for name in settings.into_iter().filter(|name| is_hosted && !values.is_configured(name)) {
        findings.warning(format!("a hosted deployment should decide about its API tokens: set OPEN_COWORK_CLOUD_{name}"));
    }
}

/// It is checked at every request that shows a token, so whoever can reach the door may try as often as they like.
fn operators(config: &Config, findings: &mut Findings) {
    if config.auth.operator_token.as_ref().is_some_and(|token| token.expose().len() < 32) {
        findings.problem("OPEN_COWORK_CLOUD_OPERATOR_TOKEN must have at least 32 bytes");
    }
}

/// Without authentication everybody who reaches the door owns the house.
fn open_door(config: &Config, findings: &mut Findings) {
    if !config.server.listen.ip().to_canonical().is_loopback() && !config.auth.allow_insecure {
        findings.problem(format!(
            "auth mode none may only listen on loopback, not on {}: set OPEN_COWORK_CLOUD_AUTH_MODE=header, or listen on 127.0.0.1",
            config.server.listen.ip()
        ));
    } else if config.server.is_exposed() {
        findings.problem(format!(
            "auth mode none is published on {}: OPEN_COWORK_CLOUD_ALLOW_INSECURE_AUTH holds only where OPEN_COWORK_CLOUD_PUBLISHED_ADDR is a loopback address",
            config.server.published_address.unwrap_or(config.server.listen.ip())
        ));
    }
    if let Some(url) = &config.server.public_url
        && !host_of(url).is_some_and(|host| is_loopback_host(&host))
    {
        findings
            .problem(format!("auth mode none has the public address {url}: set OPEN_COWORK_CLOUD_AUTH_MODE=header, or a loopback address"));
    }
}

fn trusted_headers(config: &Config, findings: &mut Findings) {
    let header = &config.auth.header;
    let exposed = !config.server.listen.ip().to_canonical().is_loopback();
    match &header.secret {
        None if exposed => findings.problem("header authentication on a public address needs OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET"),
        None if !header.allow_unsigned => {
            findings.problem("header authentication needs OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET, or on loopback OPEN_COWORK_CLOUD_HEADER_AUTH_ALLOW_UNSIGNED=true");
        }
        Some(secret) if config.cluster.tier != Tier::PublicProduction => {
            if let Some(weakness) = weakness(secret.expose()) {
                findings.warning(format!("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET is weak: {weakness}"));
            }
        }
        _ => {}
    }
    if exposed && header.allow_unsigned {
        findings.problem("OPEN_COWORK_CLOUD_HEADER_AUTH_ALLOW_UNSIGNED is refused on a public address: anybody could claim to be anybody");
    }
}

fn cookies(config: &Config, findings: &mut Findings) {
    if config.server.is_exposed() && !config.auth.cookie.secure {
        findings.problem("OPEN_COWORK_CLOUD_COOKIE_SECURE=false is refused on a public address");
    }
    if config.auth.cookie.secret.as_ref().is_some_and(|secret| secret.expose().len() < 32) {
        findings
            .problem("the cookie secret (OPEN_COWORK_CLOUD_COOKIE_SECRET, or OPEN_COWORK_CLOUD_SECRET_KEY) must have at least 32 bytes");
    }
}

/// A list that lets nobody in, or everybody, was not meant so.
fn signup(config: &Config, findings: &mut Findings) {
    let signup = &config.auth.signup;
    if signup.mode == SignupMode::Domain && signup.domains.is_empty() {
        findings.problem("signup mode domain needs OPEN_COWORK_CLOUD_ALLOWED_EMAIL_DOMAINS");
    }
    for domain in &signup.domains {
        if !is_domain(domain) {
            findings.problem(format!(
                "OPEN_COWORK_CLOUD_ALLOWED_EMAIL_DOMAINS holds \"{domain}\": expected domains such as acme.example, without @"
            ));
        } else if !signup.consumer_domains && is_consumer_domain(domain) {
            findings.problem(format!(
                "OPEN_COWORK_CLOUD_ALLOWED_EMAIL_DOMAINS holds {domain}, where everybody can have an address: \
                 take it out, or set OPEN_COWORK_CLOUD_ALLOW_CONSUMER_EMAIL_DOMAINS=true"
            ));
        }
    }
}

fn is_domain(text: &str) -> bool {
    email::normalized(&format!("anybody@{text}")).is_ok()
}

fn foreign_origin(config: &Config, findings: &mut Findings) {
    let Some(origin) = config.server.cors_origin.as_deref().filter(|origin| *origin != "*") else { return };
    let host = host_of(origin).unwrap_or_default();
    let is_own_machine = is_loopback_host(&host) && !config.server.is_exposed();
    let is_public = origin.starts_with("https://") && is_routable_host(&host);
    if !is_own_machine && !is_public {
        findings.problem(format!("OPEN_COWORK_CLOUD_CORS_ORIGIN is \"{origin}\": expected a public https origin"));
    }
}

fn proxies(config: &Config, findings: &mut Findings) {
    if config.server.trust_proxy_headers && config.server.trusted_proxies.is_empty() {
        findings.warning("OPEN_COWORK_CLOUD_TRUST_PROXY_HEADERS has no effect without OPEN_COWORK_CLOUD_TRUSTED_PROXY_CIDRS");
    }
    let counts_addresses = config.abuse.http_rate_limit.is_some() || config.abuse.auth_backoff.is_some();
    if config.auth.mode == AuthMode::Header && counts_addresses && !config.server.trust_proxy_headers {
        findings.warning(
            "all requests come from the proxy that signs them and share its limits: set OPEN_COWORK_CLOUD_TRUST_PROXY_HEADERS and OPEN_COWORK_CLOUD_TRUSTED_PROXY_CIDRS to count its clients",
        );
    }
}
