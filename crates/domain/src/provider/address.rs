//! The address where a provider's API starts.

use super::Reach;
use std::{fmt, net::IpAddr};

/// An address of the table: https (or http in a private network), one host, an optional port and path, and nothing else. What
/// is in it decides where keys travel, so whatever two readers could read in two ways is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
}

/// Why an address can't be in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an address.
    #[error("it is not an https address such as https://llm.example.com/v1")]
    Malformed,
    /// Somebody's password, a query, a fragment.
    #[error("it holds credentials, a query or a fragment")]
    Extras,
    /// Keys would travel readable.
    #[error("it is not https; http is for providers with allowPrivateNetwork only")]
    Plain,
    /// It leads inside.
    #[error("it is an address of a private network; set allowPrivateNetwork if that is meant")]
    Private,
    /// It leads where no provider can be.
    #[error("no provider can live at this address")]
    Never,
}

impl BaseUrl {
    /// Reads an address. Names are looked up, and checked again, when a connection is made.
    pub fn parse(text: &str, private_allowed: bool) -> Result<Self, BaseUrlError> {
        let text = text.trim().trim_end_matches('/');
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(BaseUrlError::Malformed),
        };
        if rest.contains(['@', '?', '#']) {
            return Err(BaseUrlError::Extras);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.split('/').any(|segment| matches!(segment, "." | ".." | "")) && !path.is_empty() {
            return Err(BaseUrlError::Malformed);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':');
        if !path.bytes().all(plain) {
            return Err(BaseUrlError::Malformed);
        }
        let host = host(authority).ok_or(BaseUrlError::Malformed)?;
        match literal(&host) {
            Some(address) => match Reach::of(address) {
                Reach::Never => return Err(BaseUrlError::Never),
                Reach::Private if !private_allowed => return Err(BaseUrlError::Private),
                Reach::Private | Reach::Public => {}
            },
            None if !private_allowed && (host == "localhost" || host.ends_with(".localhost")) => return Err(BaseUrlError::Private),
            None => {}
        }
        if !secure && !private_allowed {
            return Err(BaseUrlError::Plain);
        }
        Ok(Self { text: text.to_owned(), host })
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host: a name, or an address (IPv6 in brackets).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether connections are encrypted.
    pub fn is_secure(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// The address of something below it.
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.text, path.trim_start_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The host of `host[:port]`, lower case.
fn host(authority: &str) -> Option<String> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => {
            (&authority[..=end], authority[end + 1..].strip_prefix(':').or_else(|| authority[end + 1..].is_empty().then_some("443"))?)
        }
        None => authority.rsplit_once(':').unwrap_or((authority, "443")),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().ok()? == 0 {
        return None;
    }
    let host = host.to_ascii_lowercase();
    if literal(&host).is_some() {
        return Some(host);
    }
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // `127.1`, `0x7f.1` and `2130706433` are addresses to some readers.
    let last = host.rsplit('.').next()?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    (host.len() <= 253 && !is_number && host.split('.').all(label)).then_some(host)
}

/// The address, if the host is one.
fn literal(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_public_network() {
        let url = BaseUrl::parse(" https://API.Example.com:8443/openai/v1/ ", false).unwrap();
        assert_eq!((url.as_str(), url.host(), url.is_secure()), ("https://API.Example.com:8443/openai/v1", "api.example.com", true));
        assert_eq!(url.join("chat/completions"), "https://API.Example.com:8443/openai/v1/chat/completions");
        assert!(BaseUrl::parse("https://[2606:4700::1]/v1", false).is_ok());
    }

    #[test]
    fn whatever_leads_elsewhere_is_refused() {
        for (text, error) in [
            ("", BaseUrlError::Malformed),
            ("ftp://a.example", BaseUrlError::Malformed),
            ("https://", BaseUrlError::Malformed),
            ("https://a b", BaseUrlError::Malformed),
            ("https://a.example/../x", BaseUrlError::Malformed),
            ("https://a.example//x", BaseUrlError::Malformed),
            ("https://a.example:0", BaseUrlError::Malformed),
            ("https://127.1", BaseUrlError::Malformed),
            ("https://2130706433", BaseUrlError::Malformed),
            ("https://0x7f.0x1", BaseUrlError::Malformed),
            ("https://a.example\\@b.example", BaseUrlError::Extras),
            ("https://u:p@a.example", BaseUrlError::Extras),
            ("https://a.example?x=1", BaseUrlError::Extras),
            ("https://a.example#x", BaseUrlError::Extras),
            ("http://a.example", BaseUrlError::Plain),
            ("https://127.0.0.1/v1", BaseUrlError::Private),
            ("http://localhost:1/v1", BaseUrlError::Private),
            ("https://[::ffff:10.0.0.1]/v1", BaseUrlError::Private),
            ("https://169.254.169.254", BaseUrlError::Never),
        ] {
            assert_eq!(BaseUrl::parse(text, false).unwrap_err(), error, "{text}");
        }
        assert!(BaseUrl::parse("http://127.0.0.1:9000/v1", true).is_ok());
        assert!(BaseUrl::parse("http://models.internal", true).is_ok());
        assert_eq!(BaseUrl::parse("http://169.254.169.254/latest", true).unwrap_err(), BaseUrlError::Never);
    }
}
