//! Headers that every response carries (contract 00 §7).

use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS},
};
use std::net::IpAddr;

/// Decided once, added to each response.
#[derive(Debug, Clone)]
pub(super) struct SecurityHeaders {
    strict_transport: bool,
}

impl SecurityHeaders {
    /// Browsers are told to insist on TLS only where the deployment is public and has it.
    pub(super) fn for_public_url(public_url: Option<&str>) -> Self {
        Self { strict_transport: public_url.is_some_and(is_public_https) }
    }

    /// Adds them; a handler's own frame policy stays.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
        headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
        if self.strict_transport {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
        }
    }
}

fn is_public_https(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(host) = uri.host().filter(|_| uri.scheme_str() == Some("https")) else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()),
        Ok(IpAddr::V6(ip)) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified()),
        Err(_) => !(host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_demanded_only_of_public_hosts_that_have_it() {
        for public in ["https://cloud.example.com", "https://93.184.216.34/x"] {
            assert!(is_public_https(public), "{public}");
        }
        for other in
            ["http://cloud.example.com", "https://localhost:1", "https://10.0.0.3", "https://[::1]:8787", "https://[fd00::1]", "nonsense"]
        {
            assert!(!is_public_https(other), "{other}");
        }
    }
}
