//! Trusted headers (contract 00 §3.5): a proxy names the caller and signs what it says.

use super::Unauthenticated;
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    principal::{AuthSource, Principal, Role},
    timestamp::Timestamp,
};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha2::Sha256;
use std::{fmt, sync::Arc, time::Duration};
use subtle::ConstantTimeEq;

const SECRET: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-secret");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-signature");

/// In the order in which they are signed.
const IDENTITY: [HeaderName; 5] = [
    HeaderName::from_static("x-open-cowork-tenant-id"),
    HeaderName::from_static("x-open-cowork-tenant-name"),
    HeaderName::from_static("x-open-cowork-user-id"),
    HeaderName::from_static("x-open-cowork-user-email"),
    HeaderName::from_static("x-open-cowork-user-role"),
];

const SECRET_INVALID: Unauthenticated = Unauthenticated::new("Trusted header authentication secret is invalid.");
const SIGNATURE_REQUIRED: Unauthenticated = Unauthenticated::new("Trusted header authentication signature is required.");
const TIMESTAMP_INVALID: Unauthenticated = Unauthenticated::new("Trusted header authentication timestamp is invalid.");
const OUTSIDE_WINDOW: Unauthenticated = Unauthenticated::new("Trusted header authentication timestamp is outside the allowed window.");
const SIGNATURE_INVALID: Unauthenticated = Unauthenticated::new("Trusted header authentication signature is invalid.");
const ROLE_INVALID: Unauthenticated = Unauthenticated::new("Trusted header authentication role is invalid.");

/// The secret that a proxy shares with this server. It is never printed.
#[derive(Clone)]
pub struct HeaderSecret(Arc<str>);

impl HeaderSecret {
    /// Wraps the configured text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }
}

impl fmt::Debug for HeaderSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

/// Whether somebody claims to be a proxy that vouches; whoever shows nothing is no forger.
pub(super) fn are_shown(headers: &HeaderMap) -> bool {
    IDENTITY.iter().chain([&SECRET, &SIGNATURE]).any(|name| headers.contains_key(name))
}

/// Checks in the order of the contract, so that a caller always reads the first thing that is wrong.
pub(super) fn verify(
    headers: &HeaderMap,
    secret: Option<&HeaderSecret>,
    allow_unsigned: bool,
    max_age: Duration,
    now: Timestamp,
) -> Result<Principal, Unauthenticated> {
    let signed = match secret {
        Some(secret) => {
            let offered = bytes(headers, &SECRET);
            if !bool::from(offered.ct_eq(secret.0.as_bytes())) {
                return Err(SECRET_INVALID);
            }
            let has_signature = headers.contains_key(TIMESTAMP) && headers.contains_key(SIGNATURE);
            if !has_signature && !allow_unsigned {
                return Err(SIGNATURE_REQUIRED);
            }
            if has_signature {
                verify_signature(headers, secret, max_age, now)?;
            }
            has_signature
        }
        None if allow_unsigned => false,
        // Without a secret nobody could have vouched for these headers.
        None => return Err(SECRET_INVALID),
    };
    principal(headers, signed)
}

fn verify_signature(headers: &HeaderMap, secret: &HeaderSecret, max_age: Duration, now: Timestamp) -> Result<(), Unauthenticated> {
    let timestamp = bytes(headers, &TIMESTAMP);
    if timestamp.is_empty() || bytes(headers, &SIGNATURE).is_empty() {
        return Err(SIGNATURE_REQUIRED);
    }
    let seconds: i64 = std::str::from_utf8(timestamp).ok().and_then(|text| text.parse().ok()).ok_or(TIMESTAMP_INVALID)?;
    let distance = now.as_millis().abs_diff(seconds.saturating_mul(1000));
    if u128::from(distance) > max_age.as_millis() {
        return Err(OUTSIDE_WINDOW);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"v1\n");
    mac.update(timestamp);
    for name in &IDENTITY {
        mac.update(b"\n");
        mac.update(bytes(headers, name));
    }
    let expected = signature_text(&mac.finalize().into_bytes());
    if bool::from(bytes(headers, &SIGNATURE).ct_eq(&expected)) { Ok(()) } else { Err(SIGNATURE_INVALID) }
}

/// `v1=` and 64 lowercase hex digits.
fn signature_text(digest: &[u8]) -> [u8; 67] {
    let mut text = [0; 67];
    text[..3].copy_from_slice(b"v1=");
    for (pair, byte) in text[3..].chunks_exact_mut(2).zip(digest) {
        pair[0] = hex_digit(byte >> 4);
        pair[1] = hex_digit(byte & 15);
    }
    text
}

const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}

fn principal(headers: &HeaderMap, signed: bool) -> Result<Principal, Unauthenticated> {
    let [tenant_id, tenant_name, user_id, email, role] = IDENTITY.map(|name| text(headers, &name));
    let role = match role.unwrap_or("member") {
        "owner" if signed => Role::Owner,
        "admin" if signed => Role::Admin,
        "member" => Role::Member,
        _ => return Err(ROLE_INVALID),
    };
    let tenant = tenant_id.unwrap_or("default");
    let user = UserId::new(user_id.unwrap_or("local-user"));
    Ok(Principal {
        tenant_id: TenantId::new(tenant),
        org_id: OrgId::new(tenant),
        tenant_name: tenant_name.unwrap_or(tenant).to_owned(),
        account_id: user.clone(),
        user_id: user,
        email: email.unwrap_or("local@example.test").to_owned(),
        role,
        auth_source: AuthSource::Header,
    })
}

fn bytes<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a [u8] {
    headers.get(name).map_or(b"", http::HeaderValue::as_bytes)
}

/// A header's text; blank and undecodable ones count as missing.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = std::str::from_utf8(bytes(headers, name)).ok()?.trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_600_000;

    fn request(role: &str, at: i64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let values = ["acme", "Acme", "kim", "kim@acme.test", role];
        for (name, value) in IDENTITY.iter().zip(values) {
            headers.insert(name, value.parse().expect("a header value"));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(b"shared").expect("any key");
        mac.update(format!("v1\n{at}\n{}", values.join("\n")).as_bytes());
        let signature = signature_text(&mac.finalize().into_bytes());
        headers.insert(SECRET, "shared".parse().expect("a header value"));
        headers.insert(TIMESTAMP, at.to_string().parse().expect("a header value"));
        headers.insert(SIGNATURE, http::HeaderValue::from_bytes(&signature).expect("a header value"));
        headers
    }

    fn check(headers: &HeaderMap) -> Result<Principal, Unauthenticated> {
        let secret = HeaderSecret::new("shared");
        verify(headers, Some(&secret), false, Duration::from_secs(300), Timestamp::from_millis(NOW * 1000))
    }

    #[test]
    fn a_signed_owner_is_believed() {
        let principal = check(&request("owner", NOW - 299)).expect("signed within the window");
        assert_eq!((principal.org_id.as_str(), principal.user_id.as_str(), principal.role), ("acme", "kim", Role::Owner));
    }

    #[test]
    fn every_forgery_is_refused_with_the_first_thing_that_is_wrong() {
        let with = |name: HeaderName, value: &str| {
            let mut headers = request("member", NOW);
            headers.insert(name, value.parse().expect("a header value"));
            headers
        };
        let without = |name: HeaderName| {
            let mut headers = request("member", NOW);
            headers.remove(name);
            headers
        };
        assert_eq!(check(&HeaderMap::new()), Err(SECRET_INVALID));
        assert_eq!(check(&with(SECRET, "shared2")), Err(SECRET_INVALID));
        assert_eq!(check(&without(SIGNATURE)), Err(SIGNATURE_REQUIRED));
        assert_eq!(check(&without(TIMESTAMP)), Err(SIGNATURE_REQUIRED));
        assert_eq!(check(&with(TIMESTAMP, "soon")), Err(TIMESTAMP_INVALID));
        assert_eq!(check(&request("member", NOW - 301)), Err(OUTSIDE_WINDOW));
        assert_eq!(check(&request("member", i64::MAX)), Err(OUTSIDE_WINDOW));
        assert_eq!(check(&with(IDENTITY[2].clone(), "eve")), Err(SIGNATURE_INVALID));
        assert_eq!(check(&without(IDENTITY[4].clone())), Err(SIGNATURE_INVALID));
        assert_eq!(check(&request("root", NOW)), Err(ROLE_INVALID));
    }

    #[test]
    fn unsigned_headers_never_make_an_owner() {
        let unsigned = |role: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(&IDENTITY[4], role.parse().expect("a header value"));
            verify(&headers, None, true, Duration::from_secs(300), Timestamp::from_millis(0))
        };
        assert_eq!(unsigned("owner"), Err(ROLE_INVALID));
        assert_eq!(unsigned("admin"), Err(ROLE_INVALID));
        let member = unsigned("member").expect("members may be unsigned");
        assert_eq!(
            (member.tenant_id.as_str(), member.user_id.as_str(), member.email.as_str()),
            ("default", "local-user", "local@example.test")
        );
        assert_eq!(verify(&HeaderMap::new(), None, false, Duration::ZERO, Timestamp::from_millis(0)), Err(SECRET_INVALID));
    }
}
