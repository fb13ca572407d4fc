//! Who asks, in the trusted-header mode: signed as a proxy would sign (contract 00 §3.5).

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use std::time::SystemTime;

/// The secret that the proxy and the server of a test share.
pub(crate) const SECRET: &str = "a-proxy-and-a-cloud-know-this-9f2c";

/// The environment of a server that trusts signed headers.
pub(crate) const HEADER_MODE: [(&str, &str); 2] = [("AUTH_MODE", "header"), ("HEADER_AUTH_SECRET", SECRET)];

/// A person as the proxy describes them.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
    pub(crate) user: String,
    pub(crate) role: String,
}

impl Caller {
    pub(crate) fn new(tenant: &str, user: &str, role: &str) -> Self {
        Self { tenant: tenant.to_owned(), user: user.to_owned(), role: role.to_owned() }
    }

    /// Headers that are signed now.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.signed_at(&now().to_string())
    }

    /// Headers that are signed for a time, which need not be one.
    pub(crate) fn signed_at(&self, timestamp: &str) -> HeaderMap {
        let email = format!("{}@{}", self.user, self.tenant);
        let identity = [
            ("x-open-cowork-tenant-id", self.tenant.as_str()),
            ("x-open-cowork-tenant-name", "Tenant"),
            ("x-open-cowork-user-id", &self.user),
            ("x-open-cowork-user-email", &email),
            ("x-open-cowork-user-role", &self.role),
        ];
        let mut canonical = format!("v1\n{timestamp}");
        let mut headers = HeaderMap::new();
        for (name, value) in identity {
            canonical.push('\n');
            canonical.push_str(value);
            headers.insert(HeaderName::from_static(name), header(value));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
        mac.update(canonical.as_bytes());
        let signature = format!("v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
        headers.insert("x-open-cowork-header-auth-secret", header(SECRET));
        headers.insert("x-open-cowork-header-auth-timestamp", header(timestamp));
        headers.insert("x-open-cowork-header-auth-signature", header(&signature));
        headers
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("the clock is past 1970").as_secs()
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a header value")
}
