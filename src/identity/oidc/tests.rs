//! Tokens of a provider that this test runs, and tokens that somebody made up.

mod flow;
mod forgeries;
mod keys;
mod provider;

use super::*;
use cowork_domain::{identity_claims::EmailDomains, timestamp::Timestamp};
use serde_json::{Value, json};

/// Any time will do; the provider's tokens are of this one.
pub(super) const NOW_SECONDS: i64 = 1_800_000_000;

pub(super) fn now() -> Timestamp {
    after(0)
}

/// So many seconds later.
pub(super) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_millis((NOW_SECONDS + seconds) * 1000)
}

pub(super) fn options(issuer: &str) -> OidcOptions {
    OidcOptions {
        issuer: issuer.to_owned(),
        client_id: "cowork".to_owned(),
        client_secret: None,
        callback_path: "/auth/callback".to_owned(),
        allowed_email_domains: EmailDomains::default(),
    }
}

/// The claims of an id token as `issuer` would write them, with changes; `null` removes one.
pub(super) fn claims(issuer: &str, changes: &Value) -> Value {
    let mut claims = json!({
        "iss": issuer, "sub": "kim", "aud": "cowork", "iat": NOW_SECONDS, "exp": NOW_SECONDS + 3600,
        "email": "kim@acme.example", "email_verified": true, "updated_at": "2026-11-22T01:02:03.004Z",
    });
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}
