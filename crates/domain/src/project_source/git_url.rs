//! Addresses of repositories, read narrowly: what two readers could take for two places is none.

use std::fmt;

/// An address that names one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitUrl {
    scheme: String,
    host: String,
    port: Option<u16>,
    /// With its leading slash.
    path: String,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GitUrlError {
    /// It names nothing.
    #[error("Git repository URL is invalid.")]
    Invalid,
    /// Whoever sees the session would see them.
    #[error("Git repository URLs must not contain credentials.")]
    Credentials,
    /// Where tokens hide.
    #[error("Git repository URLs must not contain a query or fragment.")]
    Components,
}

impl GitUrl {
    /// Reads an address of any scheme.
    pub fn parse(text: &str) -> Result<Self, GitUrlError> {
        // Browsers read a backslash as a slash, and drop line feeds.
        if text.chars().any(|character| character == '\\' || character.is_control() || character.is_whitespace()) {
            return Err(GitUrlError::Invalid);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            // `git@host:path` is how people write ssh; the name in it is half of a credential.
            return Err(if text.contains('@') { GitUrlError::Credentials } else { GitUrlError::Invalid });
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (path, components) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let scheme = scheme.to_ascii_lowercase();
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        let (host, port) = read_place(place).ok_or(GitUrlError::Invalid)?;
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_here = scheme == "file" && matches!(host.as_str(), "" | "localhost") && port.is_none();
        if !is_scheme || (!is_here && (scheme == "file" || host.is_empty())) {
            return Err(GitUrlError::Invalid);
        }
        if user.is_some() {
            return Err(GitUrlError::Credentials);
        }
        if !components.is_empty() {
            return Err(GitUrlError::Components);
        }
        if !is_path(path) {
            return Err(GitUrlError::Invalid);
        }
        Ok(Self { scheme, host, port, path: path.to_owned() })
    }

    /// In lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// In lower case; an IPv6 address stands in brackets. Empty on this machine's own disk.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port of a connection.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(443)
    }

    /// The host, with its port where it isn't the usual one.
    pub fn place(&self) -> String {
        match self.port {
            None | Some(443) => self.host.clone(),
            Some(port) => format!("{}:{port}", self.host),
        }
    }

    /// Host and path as allow-lists name a repository: without the ending that git adds by itself.
    pub fn repository(&self) -> String {
        let path = self.path.trim_end_matches('/');
        format!("{}{}", self.place(), path.strip_suffix(".git").unwrap_or(path))
    }
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

fn read_place(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(port.parse::<u16>().ok().filter(|port| is_number && *port > 0)?))
        }
        _ => (place, None),
    };
    let host = host.to_ascii_lowercase();
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let is_v6 = || host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok()).is_some();
    (is_name || is_v6()).then_some((host, port))
}

/// At least one name, and nothing that leads up or that a server could read as another path.
fn is_path(path: &str) -> bool {
    let Some(names) = path.strip_prefix('/') else { return false };
    let names = names.strip_suffix('/').unwrap_or(names);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
    let spaced = names.replace("%20", "");
    !names.is_empty() && spaced.bytes().all(is_plain) && names.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_reading() {
        let read = |text: &str| GitUrl::parse(text).map(|url| (url.to_string(), url.repository()));
        assert_eq!(
            read("HTTPS://Git.Example:443/Acme/app.git/"),
            Ok(("https://git.example:443/Acme/app.git/".into(), "git.example/Acme/app".into()))
        );
        assert_eq!(read("https://[::1]:8443/a").map(|read| read.1), Ok("[::1]:8443/a".into()));
        assert_eq!(read("file:///srv/git/app").map(|read| read.1), Ok("/srv/git/app".into()));
        for bad in [
            "",
            "app",
            "https://",
            "https:///a",
            "https://host",
            "https://host/",
            "https://ho st/a",
            "https://host\\@evil/a",
            "https://host:/a",
            "https://host:0/a",
            "https://host:99999/a",
            "https://host/a/../b",
            "https://host/a//b",
            "https://host/%2e%2e/a",
            "https://h%6fst/a",
            "file://elsewhere/a",
            "file:///../a",
            "https://[::1/a",
            "https://host/a\u{0}b",
            "https://höst/a",
        ] {
            assert_eq!(read(bad), Err(GitUrlError::Invalid), "{bad}");
        }
        for leaking in ["git@host:acme/app", "https://kim:pw@host/a", "ssh://git@host/a", "https://@host/a"] {
            assert_eq!(read(leaking), Err(GitUrlError::Credentials), "{leaking}");
        }
        assert_eq!(read("https://host/a?token=1"), Err(GitUrlError::Components));
        assert_eq!(read("https://host/a#x"), Err(GitUrlError::Components));
    }
}
