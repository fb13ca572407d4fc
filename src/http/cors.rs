//! One foreign origin may call us, and only by its exact name (contract 00 §7): no wildcard, and no
//! credentials by cookie across origins.

use http::{
    HeaderMap, HeaderValue, header,
    header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, VARY},
};

/// The configured origin, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Cors {
    origin: Option<HeaderValue>,
}

impl Cors {
    /// A wildcard or an unusable value allows nothing.
    pub(super) fn new(origin: Option<&str>) -> Self {
        Self { origin: origin.filter(|origin| *origin != "*").and_then(|origin| HeaderValue::from_str(origin).ok()) }
    }

    /// Whether this request comes from that origin.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        self.origin.is_some() && headers.get(ORIGIN) == self.origin.as_ref()
    }

    /// Adds the headers of an allowed request, also to errors and preflights.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        let Some(origin) = &self.origin else { return };
        headers.append(VARY, HeaderValue::from_static("Origin"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,POST,PUT,PATCH,DELETE,OPTIONS"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type,Authorization,X-CSRF-Token"));
    }
}

/// Whether a browser page of a foreign site sent this request. Where everybody is the local owner
/// nothing else stands between such a page and the agent on the same machine, because a simple
/// request needs no preflight and a WebSocket never has one.
pub(super) fn is_foreign_page(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Ok(origin) = origin.to_str() else { return true };
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        // Desktop shells send the scheme of their own pages; `null` is any sandboxed frame.
        return origin == "null";
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own_host = host.is_some_and(|host| host.eq_ignore_ascii_case(authority));
    let is_public_url = public_url.is_some_and(|url| url.trim_end_matches('/').eq_ignore_ascii_case(origin));
    !is_own_host && !is_public_url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin)), (header::HOST, HeaderValue::from_static("127.0.0.1:8787"))])
    }

    #[test]
    fn only_the_exact_origin_gets_headers() {
        let cors = Cors::new(Some("https://app.example"));
        assert!(cors.allows(&from("https://app.example")));
        for other in ["https://app.example.evil", "http://app.example", "null"] {
            assert!(!cors.allows(&from(other)), "{other}");
        }
        assert!(!cors.allows(&HeaderMap::new()));
        assert!(!Cors::new(Some("*")).allows(&from("*")));
        assert!(!Cors::new(None).allows(&from("https://app.example")));
    }

    #[test]
    fn pages_of_other_sites_are_told_from_our_own_and_from_programs() {
        for own in ["http://127.0.0.1:8787", "https://cloud.example", "file://", "app://desktop"] {
            assert!(!is_foreign_page(&from(own), Some("https://cloud.example/")), "{own}");
        }
        assert!(!is_foreign_page(&HeaderMap::new(), None));
        for foreign in ["https://evil.example", "http://127.0.0.1:9999", "null"] {
            assert!(is_foreign_page(&from(foreign), Some("https://cloud.example/")), "{foreign}");
        }
    }
}
