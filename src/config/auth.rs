//! Who is let in.

use super::cluster::Tier;
use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::secret_reference;
use super::setting::{Kind, Setting};
use super::values::Values;
use cowork_domain::{
    policy::Scope,
    signup::{SignupMode, SignupRules},
    token::TokenRules,
};
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
    Setting::new(
        "SIGNUP_MODE",
        Kind::Choice(&["disabled", "closed", "invite", "domain", "open"]),
        "how people become members; closed is another name of disabled. Unset: open in tier local; elsewhere domain if \
         ALLOWED_EMAIL_DOMAINS is set, else invite",
    )
    .file("auth.signupMode"),
    Setting::new("ALLOW_SELF_SERVICE_SIGNUP", Kind::Flag, "false turns an unset SIGNUP_MODE into invite")
        .file("auth.allowSelfServiceSignup"),
    Setting::new(
        "ALLOW_CONSUMER_EMAIL_DOMAINS",
        Kind::Flag,
        "let ALLOWED_EMAIL_DOMAINS contain domains where everybody can have an address, such as gmail.com",
    )
    .or("false")
    .file("auth.allowConsumerEmailDomains"),
    Setting::new("COOKIE_SECRET", Kind::Secret, "signs browser sessions and invitations; without it SECRET_KEY does"),
    Setting::new("COOKIE_SECRET_REF", Kind::SecretRef, "where to read the cookie secret"),
    Setting::new("BROWSER_SESSION_MAX_AGE_MS", Kind::Millis(60_000), "how long a browser stays signed in at most").or("28800000"),
    Setting::new("BROWSER_SESSION_IDLE_MS", Kind::Millis(60_000), "how long a browser stays signed in without a request").or("14400000"),
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
        .file("auth.apiTokens.defaultTtlMs"),
    Setting::new("API_TOKEN_MAX_TTL_MS", Kind::Millis(60_000), "longest life of an API token")
        .or("31536000000")
        .file("auth.apiTokens.maxTtlMs"),
    Setting::new("API_TOKEN_ALLOWED_SCOPES", Kind::Choices(SCOPES), "scopes that API tokens may have")
        .or("desktop,gateway,admin,operator")
        .file("auth.apiTokens.allowedScopes"),
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
    pub signup: SignupRules,
    /// Whether the mode was said, not concluded.
    pub signup_is_explicit: bool,
    /// Domains that may sign in; empty allows all.
    pub allowed_email_domains: Vec<String>,
    /// Everybody belongs to this organisation.
    pub single_org: Option<SingleOrg>,
}

/// The one organisation of single-org mode (contract 00 §3.7).
#[derive(Debug, Clone)]
pub struct SingleOrg {
    /// Its id, which is its tenant's, too.
    pub id: String,
    /// Its display name.
    pub name: String,
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
    /// How long a browser stays signed in at most.
    pub lifetime: Duration,
    /// How long it stays so without a request.
    pub idle: Duration,
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

impl ApiTokenConfig {
    /// What may be issued.
    pub fn rules(&self) -> TokenRules {
        let millis = |life: Duration| i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
        let allowed = self.allowed_scopes.iter().filter_map(|scope| Scope::parse(scope)).collect();
        TokenRules::new(millis(self.default_ttl), millis(self.max_ttl), allowed)
    }
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
            cookie: CookieConfig {
                secret: cookie_secret.or_else(|| secret_key.clone()),
                secure: values.flag("COOKIE_SECURE"),
                lifetime: values.millis("BROWSER_SESSION_MAX_AGE_MS"),
                idle: values.millis("BROWSER_SESSION_IDLE_MS"),
            },
            tokens: ApiTokenConfig {
                default_ttl: values.millis("API_TOKEN_DEFAULT_TTL_MS"),
                max_ttl: values.millis("API_TOKEN_MAX_TTL_MS"),
                allowed_scopes: values.list("API_TOKEN_ALLOWED_SCOPES"),
            },
            operator_token: secret_reference::resolve(values, environment, "OPERATOR_TOKEN", findings),
            secret_key,
            signup: SignupRules {
                mode: signup_mode(values),
                domains: values.list("ALLOWED_EMAIL_DOMAINS").iter().map(|domain| domain.to_ascii_lowercase()).collect(),
                consumer_domains: values.flag("ALLOW_CONSUMER_EMAIL_DOMAINS"),
            },
            signup_is_explicit: values.text("SIGNUP_MODE").is_some(),
            allowed_email_domains: values.list("ALLOWED_EMAIL_DOMAINS"),
            single_org: (values.text("ORG_MODE").as_deref() == Some("single-org")).then(|| SingleOrg {
                id: values.text("SINGLE_ORG_ID").unwrap_or_default(),
                name: values.text("SINGLE_ORG_NAME").unwrap_or_default(),
            }),
        }
    }
}

/// Outside tier `local` nobody joins by default whom nobody let in.
fn signup_mode(values: &Values) -> SignupMode {
    match values.text("SIGNUP_MODE").as_deref() {
        Some("disabled" | "closed") => SignupMode::Disabled,
        Some("invite") => SignupMode::Invite,
        Some("domain") => SignupMode::Domain,
        Some(_) => SignupMode::Open,
        None if values.text("ALLOW_SELF_SERVICE_SIGNUP").is_some() && !values.flag("ALLOW_SELF_SERVICE_SIGNUP") => SignupMode::Invite,
        None if !values.list("ALLOWED_EMAIL_DOMAINS").is_empty() => SignupMode::Domain,
        None if Tier::of(&values.text("DEPLOYMENT_TIER").unwrap_or_default()) == Tier::Local => SignupMode::Open,
        None => SignupMode::Invite,
    }
}
