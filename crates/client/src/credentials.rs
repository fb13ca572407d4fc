//! How a request says who asks (contract 00 §3).

use cowork_domain::principal::Role;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use sha2::Sha256;
use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Identity headers, in the order in which they are signed.
const IDENTITY_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-open-cowork-tenant-id"),
    HeaderName::from_static("x-open-cowork-tenant-name"),
    HeaderName::from_static("x-open-cowork-user-id"),
    HeaderName::from_static("x-open-cowork-user-email"),
    HeaderName::from_static("x-open-cowork-user-role"),
];
const SECRET_HEADER: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-secret");
const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-timestamp");
const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("x-open-cowork-header-auth-signature");

/// Who asks.
#[derive(Clone)]
pub enum Credentials {
    /// Nothing is sent; enough where the cloud runs with auth mode `none`.
    None,
    /// An API token or an OpenID Connect token.
    Bearer(String),
    /// Trusted headers with a shared secret, as an authenticating proxy sends them (contract 00 §3.5).
    SignedHeaders(SignedHeaders),
}

/// The identity that trusted headers claim, and the secret that proves the sender.
#[derive(Clone)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SignedHeaders {
    pub secret: String,
    pub tenant: String,
    pub tenant_name: String,
    pub user: String,
    pub email: String,
    pub role: Role,
}

/// Credentials that no header can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredentials {
    /// Control or non-ASCII characters.
    #[error("the {0} holds characters that a header cannot carry")]
    NotHeaderText(&'static str),
    /// The server refuses an empty secret.
    #[error("the secret for signed headers is empty")]
    EmptySecret,
}

/// Credentials made ready once, so that a request costs one signature and no formatting.
#[derive(Clone)]
pub(crate) enum Signer {
    None,
    Bearer(HeaderValue),
    SignedHeaders(Box<HeaderSigner>),
}

#[derive(Clone)]
pub(crate) struct HeaderSigner {
    identity: [HeaderValue; 5],
    secret: HeaderValue,
    keyed: Hmac<Sha256>,
}

impl Signer {
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, InvalidCredentials> {
        match credentials {
            Credentials::None => Ok(Self::None),
            Credentials::Bearer(token) => Ok(Self::Bearer(sensitive(&format!("Bearer {token}"), "token")?)),
            Credentials::SignedHeaders(claims) => Self::for_claims(claims),
        }
    }

    fn for_claims(claims: &SignedHeaders) -> Result<Self, InvalidCredentials> {
        if claims.secret.is_empty() {
            return Err(InvalidCredentials::EmptySecret);
        }
        let identity = [
            plain(&claims.tenant, "tenant")?,
            plain(&claims.tenant_name, "tenant name")?,
            plain(&claims.user, "user")?,
            plain(&claims.email, "e-mail address")?,
            HeaderValue::from_static(claims.role.as_str()),
        ];
        let keyed = Hmac::new_from_slice(claims.secret.as_bytes()).expect("HMAC takes keys of any length");
        Ok(Self::SignedHeaders(Box::new(HeaderSigner { identity, secret: sensitive(&claims.secret, "secret")?, keyed })))
    }

    /// Adds what authenticates a request that is sent at `since_epoch`.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, since_epoch: Duration) {
        match self {
            Self::None => {}
            Self::Bearer(value) => {
                headers.insert(AUTHORIZATION, value.clone());
            }
            Self::SignedHeaders(signer) => {
                let HeaderSigner { identity, secret, keyed } = &**signer;
                let timestamp = since_epoch.as_secs().to_string();
                let signature = signature(keyed, &timestamp, identity);
                for (name, value) in IDENTITY_HEADERS.iter().zip(identity) {
                    headers.insert(name, value.clone());
                }
                headers.insert(SECRET_HEADER, secret.clone());
                headers.insert(TIMESTAMP_HEADER, HeaderValue::try_from(timestamp).expect("digits are header text"));
                headers.insert(SIGNATURE_HEADER, HeaderValue::try_from(signature).expect("hex digits are header text"));
            }
        }
    }
}

/// `v1=` and the HMAC over `v1`, the timestamp and the identity headers, joined by line feeds.
fn signature(keyed: &Hmac<Sha256>, timestamp: &str, identity: &[HeaderValue; 5]) -> String {
    let mut mac = keyed.clone();
    mac.update(b"v1\n");
    mac.update(timestamp.as_bytes());
    for value in identity {
        mac.update(b"\n");
        mac.update(value.as_bytes());
    }
    let mut text = String::with_capacity(67);
    text.push_str("v1=");
    HEXLOWER.encode_append(&mac.finalize().into_bytes(), &mut text);
    text
}

/// Time since the Unix epoch: the one place where this crate reads the wall clock.
#[expect(clippy::disallowed_methods, reason = "signed headers carry the time; a client has no actor's clock")]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn plain(text: &str, what: &'static str) -> Result<HeaderValue, InvalidCredentials> {
    HeaderValue::from_str(text).map_err(|_| InvalidCredentials::NotHeaderText(what))
}

fn sensitive(text: &str, what: &'static str) -> Result<HeaderValue, InvalidCredentials> {
    let mut value = plain(text, what)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Bearer(_) => formatter.write_str("Bearer([set])"),
            Self::SignedHeaders(claims) => claims.fmt(formatter),
        }
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignedHeaders")
            .field("secret", &"[set]")
            .field("tenant", &self.tenant)
            .field("user", &self.user)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> SignedHeaders {
        SignedHeaders {
            secret: "s3cret".into(),
            tenant: "acme".into(),
            tenant_name: "Acme".into(),
            user: "kim".into(),
            email: "kim@acme.test".into(),
            role: Role::Member,
        }
    }

    #[test]
    fn trusted_headers_are_signed_as_the_contract_says() {
        let signer = Signer::new(&Credentials::SignedHeaders(claims())).expect("valid");
        let mut headers = HeaderMap::new();
        signer.apply(&mut headers, Duration::from_millis(1_772_600_767_890));

        assert_eq!(headers["x-open-cowork-header-auth-timestamp"], "1772600767");
        assert_eq!(headers["x-open-cowork-user-role"], "member");
        assert_eq!(headers["x-open-cowork-header-auth-secret"], "s3cret");
        // printf 'v1\n1772600767\nacme\nAcme\nkim\nkim@acme.test\nmember' | openssl dgst -sha256 -hmac s3cret
        assert_eq!(headers["x-open-cowork-header-auth-signature"], "v1=d325169b2a348255ed8dafc3aec06aee888e96c45e5fd43f8e35b6bd46cc8f4c");
    }

    #[test]
    fn a_secret_shows_neither_in_debug_output_nor_in_a_header_dump() {
        let credentials = Credentials::SignedHeaders(claims());
        assert!(!format!("{credentials:?}").contains("s3cret"));
        let mut headers = HeaderMap::new();
        Signer::new(&credentials).expect("valid").apply(&mut headers, Duration::ZERO);
        assert!(!format!("{headers:?}").contains("s3cret"));
    }

    #[test]
    fn text_that_would_break_out_of_its_header_is_refused() {
        let broken = SignedHeaders { user: "kim\nx-open-cowork-user-role: owner".into(), ..claims() };
        assert_eq!(Signer::new(&Credentials::SignedHeaders(broken)).err(), Some(InvalidCredentials::NotHeaderText("user")));
        let empty = SignedHeaders { secret: String::new(), ..claims() };
        assert_eq!(Signer::new(&Credentials::SignedHeaders(empty)).err(), Some(InvalidCredentials::EmptySecret));
    }
}
