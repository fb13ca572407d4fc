//! Who is let in.

use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::secret_reference;
use super::setting::{Kind, Setting};
use super::values::Values;
use std::time::Duration;

const SCOPES: &[&str] = &["desktop", "gateway", "admin", "operator", "worker-internal"];

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "AUTH_MODE",
        Kind::Choice(&["none", "header", "oidc"]),
        "none: everybody is the local owner; header: a proxy signs who asks; oidc: an OpenID provider knows the people",
    )
    .or("none")
    .file("auth.mode"),
    Setting::new(
        "ALLOW_INSECURE_AUTH",
        Kind::Flag,
        "accept auth mode none although the listener is not on loopback, where only loopback is published",
    )
    .or("false"),
    Setting::new("HEADER_AUTH_SECRET", Kind::Secret, "what the trusted proxy signs its headers with"),
    Setting::new("HEADER_AUTH_SECRET_REF", Kind::SecretRef, "where to read that secret; env:NAME or file:PATH"),
    Setting::new("HEADER_AUTH_ALLOW_UNSIGNED", Kind::Flag, "accept headers without a signature, on loopback only").or("false"),
    Setting::new("HEADER_AUTH_MAX_SIGNATURE_AGE_MS", Kind::Millis(1000), "how old or how far ahead a signature may be").or("300000"),
    Setting::new("OIDC_ISSUER_URL", Kind::Url, "address of the OpenID provider").file("auth.issuerUrl"),
    Setting::new("OIDC_CLIENT_ID", Kind::Text, "our client id there").file("auth.clientId"),
    Setting::new("OIDC_CLIENT_SECRET", Kind::Secret, "our client secret there"),
    Setting::new("OIDC_CLIENT_SECRET_REF", Kind::SecretRef, "where to read the client secret"),
    Setting::new("OIDC_CALLBACK_PATH", Kind::Text, "where the provider sends people back to").or("/auth/callback"),
    Setting::new(
        "ALLOWED_EMAIL_DOMAINS",
        Kind::List,
        "the e-mail domains that may sign in; empty allows all but those of consumer services",
    )
    .file("auth.allowedEmailDomains"),
    Setting::new("SIGNUP_MODE", Kind::Choice(&["disabled", "invite", "domain", "open"]), "how people become members")
        .or("open")
        .file("auth.signupMode")
        .later(),
    Setting::new("ALLOW_SELF_SERVICE_SIGNUP", Kind::Flag, "whether people may found organisations")
        .file("auth.allowSelfServiceSignup")
        .later(),
    Setting::new("COOKIE_SECRET", Kind::Secret, "signs browser sessions; without it SECRET_KEY does"),
    Setting::new("COOKIE_SECRET_REF", Kind::SecretRef, "where to read the cookie secret"),
    Setting::new("COOKIE_SECURE", Kind::Flag, "send cookies over https only").or("true"),
    Setting::new(
        "OPERATOR_TOKEN",
        Kind::Secret,
        "what operators and metric scrapers show as a bearer token where people are authenticated; it opens nobody's sessions",
    ),
    Setting::new("OPERATOR_TOKEN_REF", Kind::SecretRef, "where to read that token; env:NAME or file:PATH"),
    Setting::new("INTERNAL_TOKEN", Kind::Secret, "what the scheduler's tick shows").later(),
    Setting::new("INTERNAL_TOKEN_REF", Kind::SecretRef, "where to read the internal token").later(),
    Setting::new("API_TOKEN_DEFAULT_TTL_MS", Kind::Millis(60_000), "life of an API token that names none")
        .or("7776000000")
        .file("auth.apiTokens.defaultTtlMs")
        .later(),
    Setting::new("API_TOKEN_MAX_TTL_MS", Kind::Millis(60_000), "longest life of an API token")
        .or("31536000000")
        .file("auth.apiTokens.maxTtlMs")
        .later(),
    Setting::new("API_TOKEN_ALLOWED_SCOPES", Kind::Choices(SCOPES), "scopes that API tokens may have")
        .or("desktop,gateway,admin,operator")
        .file("auth.apiTokens.allowedScopes")
        .later(),
    Setting::new("SECRET_KEY", Kind::Secret, "seals what the database must not hold in the clear").later(),
    Setting::new("SECRET_KEY_REF", Kind::SecretRef, "where to read the secret key").later(),
    Setting::new("SECRET_KEY_PREVIOUS", Kind::Secret, "earlier secret keys, comma-separated, during a rotation").later(),
    Setting::new("SECRET_KEY_PREVIOUS_REF", Kind::SecretRef, "where to read them").later(),
];

/// The `auth` section.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// The configured mode.
    pub mode: AuthMode,
    /// Whether somebody vouched for an exposed listener without authentication.
    pub allow_insecure: bool,
    /// Trusted headers.
    pub header: HeaderAuthConfig,
    /// The OpenID provider.
    pub oidc: OidcConfig,
    /// Browser sessions.
    pub cookie: CookieConfig,
    /// API tokens.
    pub tokens: ApiTokenConfig,
    /// What operators show.
    pub operator_token: Option<Secret>,
    /// Seals stored secrets.
    pub secret_key: Option<Secret>,
    /// How people become members.
    pub signup_mode: SignupMode,
    /// Whether people may found organisations.
    pub allow_self_service_signup: bool,
    /// Domains that may sign in; empty allows all.
    pub allowed_email_domains: Vec<String>,
}

/// How a request proves who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// Everybody is the local owner.
    None,
    /// A trusted proxy says so, signed.
    Header,
    /// An OpenID provider vouches for people.
    Oidc,
}

/// Who may join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignupMode {
    /// Nobody.
    Disabled,
    /// Who was invited.
    Invite,
    /// Who has an e-mail address of an allowed domain.
    Domain,
    /// Everybody.
    Open,
}

/// Trusted headers (contract 00 §3.5).
#[derive(Debug, Clone)]
pub struct HeaderAuthConfig {
    /// The shared secret; without it headers carry no proof.
    pub secret: Option<Secret>,
    /// Accept headers without a signature.
    pub allow_unsigned: bool,
    /// Clock window, either way.
    pub max_signature_age: Duration,
}

/// The OpenID provider (contract 00 §3.4).
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// Its address; the start rules refuse mode oidc without one.
    pub issuer: Option<String>,
    /// Who we are there; likewise.
    pub client_id: Option<String>,
    /// How we prove it; a public client has none.
    pub client_secret: Option<Secret>,
    /// Where browsers come back to.
    pub callback_path: String,
}

/// Browser sessions (contract 00 §3.6).
#[derive(Debug, Clone)]
pub struct CookieConfig {
    /// Signs them; without it there are none.
    pub secret: Option<Secret>,
    /// Whether browsers send them over https only.
    pub secure: bool,
}

/// API tokens (contract 02 §3).
#[derive(Debug, Clone)]
pub struct ApiTokenConfig {
    /// Life of a token that names none.
    pub default_ttl: Duration,
    /// The longest life.
    pub max_ttl: Duration,
    /// Which scopes may be issued.
    pub allowed_scopes: Vec<String>,
}

impl AuthConfig {
    pub(super) fn read(values: &Values, environment: &Environment, findings: &mut Findings) -> Self {
        let mode = match values.text("AUTH_MODE").as_deref() {
            Some("header") => AuthMode::Header,
            Some("oidc") => AuthMode::Oidc,
            _ => AuthMode::None,
        };
        let secret_key = secret_reference::resolve(values, environment, "SECRET_KEY", findings);
        let cookie_secret = secret_reference::resolve(values, environment, "COOKIE_SECRET", findings);
        Self {
            mode,
            allow_insecure: values.flag("ALLOW_INSECURE_AUTH"),
            header: HeaderAuthConfig {
                secret: secret_reference::resolve(values, environment, "HEADER_AUTH_SECRET", findings),
                allow_unsigned: values.flag("HEADER_AUTH_ALLOW_UNSIGNED"),
                max_signature_age: values.millis("HEADER_AUTH_MAX_SIGNATURE_AGE_MS"),
            },
            oidc: OidcConfig {
                issuer: values.text("OIDC_ISSUER_URL"),
                client_id: values.text("OIDC_CLIENT_ID"),
                client_secret: secret_reference::resolve(values, environment, "OIDC_CLIENT_SECRET", findings),
                callback_path: values.text("OIDC_CALLBACK_PATH").unwrap_or_default(),
            },
            cookie: CookieConfig { secret: cookie_secret.or_else(|| secret_key.clone()), secure: values.flag("COOKIE_SECURE") },
            tokens: ApiTokenConfig {
                default_ttl: values.millis("API_TOKEN_DEFAULT_TTL_MS"),
                max_ttl: values.millis("API_TOKEN_MAX_TTL_MS"),
                allowed_scopes: values.list("API_TOKEN_ALLOWED_SCOPES"),
            },
            operator_token: secret_reference::resolve(values, environment, "OPERATOR_TOKEN", findings),
            secret_key,
            signup_mode: match values.text("SIGNUP_MODE").as_deref() {
                Some("disabled") => SignupMode::Disabled,
                Some("invite") => SignupMode::Invite,
                Some("domain") => SignupMode::Domain,
                _ => SignupMode::Open,
            },
            allow_self_service_signup: values.flag("ALLOW_SELF_SERVICE_SIGNUP"),
            allowed_email_domains: values.list("ALLOWED_EMAIL_DOMAINS"),
        }
    }
}
