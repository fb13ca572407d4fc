//! What a client needs to know before its first request.

use crate::Credentials;
use http::{Uri, uri::Authority};
use std::time::Duration;

/// Where the cloud is, and who asks.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Origin of the cloud, with an optional path in front of all routes: `http://127.0.0.1:8787`.
    pub base_url: String,
    /// Sent with each request.
    pub credentials: Credentials,
    /// How long the client waits for what.
    pub timeouts: Timeouts,
}

impl ClientOptions {
    /// Options with the default time-outs.
    pub fn new(base_url: impl Into<String>, credentials: Credentials) -> Self {
        Self { base_url: base_url.into(), credentials, timeouts: Timeouts::default() }
    }
}

/// How long the client waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the TCP connection.
    pub connect: Duration,
    /// For a whole call, response body included; for a stream, until its headers came.
    pub request: Duration,
    /// An open stream on which nothing arrives for this long, not even a keep-alive comment, counts
    /// as dead. The server's keep-alive interval is 10 s by default.
    pub stream_silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        // The front door itself waits up to 10 s for a fail-over before it answers (architecture §5).
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(30), stream_silence: Duration::from_secs(45) }
    }
}

/// A base URL that the client cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// Not a URL with a host.
    #[error("`{0}` is not an absolute url such as http://127.0.0.1:8787")]
    NotAbsolute(String),
    /// TLS is not built in.
    #[error("`{0}` needs tls, which this client does not speak; use the http address behind the proxy that ends tls")]
    Https(String),
    /// Neither `http` nor `https`.
    #[error("`{0}` has an unknown scheme; use http")]
    UnknownScheme(String),
    /// A query cannot stand in front of the routes.
    #[error("`{0}` has a query; give only scheme, host and path")]
    HasQuery(String),
}

/// A base URL, taken apart once.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    pub(crate) authority: Authority,
    /// Path in front of all routes, without a slash at its end.
    pub(crate) prefix: String,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url: Uri = text.parse().map_err(|_| InvalidBaseUrl::NotAbsolute(text.to_owned()))?;
        match url.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(InvalidBaseUrl::Https(text.to_owned())),
            Some(_) => return Err(InvalidBaseUrl::UnknownScheme(text.to_owned())),
            None => return Err(InvalidBaseUrl::NotAbsolute(text.to_owned())),
        }
        if url.query().is_some() {
            return Err(InvalidBaseUrl::HasQuery(text.to_owned()));
        }
        let authority = url.authority().cloned().ok_or_else(|| InvalidBaseUrl::NotAbsolute(text.to_owned()))?;
        Ok(Self { authority, prefix: url.path().trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_and_names_what_is_wrong_with_it() {
        let base = BaseUrl::parse("http://cloud.test:8080/cowork/").expect("valid");
        assert_eq!((base.authority.as_str(), base.prefix.as_str()), ("cloud.test:8080", "/cowork"));
        assert_eq!(BaseUrl::parse("http://cloud.test").expect("valid").prefix, "");
        assert!(matches!(BaseUrl::parse("https://cloud.test"), Err(InvalidBaseUrl::Https(_))));
        assert!(matches!(BaseUrl::parse("/api"), Err(InvalidBaseUrl::NotAbsolute(_))));
        assert!(matches!(BaseUrl::parse("ftp://cloud.test"), Err(InvalidBaseUrl::UnknownScheme(_))));
        assert!(matches!(BaseUrl::parse("http://cloud.test/?a=b"), Err(InvalidBaseUrl::HasQuery(_))));
    }
}
