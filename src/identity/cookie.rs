//! The cookies of a browser that is signed in (contract 00 §3.6).
//!
//! The session's row is in the database, so that signing out holds at once and everywhere. The cookie names the row and
//! carries a secret; the row holds a hash of it that is keyed with the deployment's signing key, so that neither a copy of
//! the database nor the right to write there opens a session. The CSRF token is derived from the session and stored nowhere.

use super::SigningKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::ids::BrowserSessionId;
use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Holds the session; pages can't read it.
pub const SESSION_COOKIE: &str = "open_cowork_cloud_session";
/// Holds the CSRF token, for the page to read.
pub const CSRF_COOKIE: &str = "open_cowork_cloud_csrf";

/// What the session cookie says. The secret has no `Debug`.
pub struct SessionCookie {
    id: BrowserSessionId,
    secret: String,
}

impl SessionCookie {
    /// Makes one of 32 random bytes.
    pub fn mint(id: BrowserSessionId, random: [u8; 32]) -> Self {
        Self { id, secret: URL_SAFE_NO_PAD.encode(random) }
    }

    /// Reads the cookie of a request; a broken one counts as none.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let (id, secret) = value(headers, SESSION_COOKIE)?.split_once('.')?;
        Some(Self { id: id.parse().ok()?, secret: (secret.len() == 43).then(|| secret.to_owned())? })
    }

    /// The session that it names.
    pub const fn id(&self) -> BrowserSessionId {
        self.id
    }

    /// What is stored of the secret.
    pub fn hash(&self, key: &SigningKey) -> [u8; 32] {
        key.tag("browser session", self.secret.as_bytes())
    }

    /// Whether this is the cookie that was given out, in constant time.
    pub fn matches(&self, key: &SigningKey, stored: &[u8; 32]) -> bool {
        bool::from(self.hash(key).ct_eq(stored))
    }

    /// Both cookies of the session, for as long as it may last.
    pub fn set(&self, key: &SigningKey, lifetime: Duration, secure: bool) -> [HeaderValue; 2] {
        let session = format!("{}.{}", self.id, self.secret);
        [
            set_cookie(SESSION_COOKIE, &session, lifetime, true, secure),
            set_cookie(CSRF_COOKIE, &csrf_token(key, self.id), lifetime, false, secure),
        ]
    }
}

/// Takes both cookies away.
pub fn cleared(secure: bool) -> [HeaderValue; 2] {
    [set_cookie(SESSION_COOKIE, "", Duration::ZERO, true, secure), set_cookie(CSRF_COOKIE, "", Duration::ZERO, false, secure)]
}

/// What a page shows with each change that it asks for.
pub fn csrf_token(key: &SigningKey, session: BrowserSessionId) -> String {
    URL_SAFE_NO_PAD.encode(key.tag("csrf", session.as_uuid().as_bytes()))
}

/// Whether a request shows the token of its session, in the header and in the cookie.
pub fn shows_csrf_token(headers: &HeaderMap, expected: &str) -> bool {
    let shown = headers.get("x-csrf-token").map_or(&b""[..], HeaderValue::as_bytes);
    let cookie = value(headers, CSRF_COOKIE).unwrap_or_default();
    bool::from(shown.ct_eq(expected.as_bytes()) & cookie.as_bytes().ct_eq(expected.as_bytes()))
}

/// One cookie of a request. None of ours needs percent-encoding, so a value that has some is not ours.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A `Set-Cookie` line with the contract's attributes.
pub fn set_cookie(name: &str, value: &str, lifetime: Duration, http_only: bool, secure: bool) -> HeaderValue {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    let line = format!("{name}={value}; Max-Age={}; Path=/; SameSite=Lax{http_only}{secure}", lifetime.as_secs());
    HeaderValue::try_from(line).expect("names and values are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_cookie_reads_back_and_opens_only_what_its_key_made() {
        let key = SigningKey::new("one");
        let made = SessionCookie::mint(BrowserSessionId::from_uuid(Uuid::from_u128(7)), [9; 32]);
        let [session, csrf] = made.set(&key, Duration::from_secs(28800), true);
        let line = session.to_str().expect("ASCII");
        assert!(line.ends_with("; Max-Age=28800; Path=/; SameSite=Lax; HttpOnly; Secure"), "{line}");
        let csrf = csrf.to_str().expect("ASCII");
        assert!(csrf.ends_with("; Max-Age=28800; Path=/; SameSite=Lax; Secure"), "pages read it: {csrf}");
        let pairs = format!("a=b; {}; {}", line.split(';').next().unwrap_or_default(), csrf.split(';').next().unwrap_or_default());
        let mut headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(pairs).expect("ASCII"))]);
        let read = SessionCookie::of(&headers).expect("its own form");
        assert_eq!(read.id(), made.id());
        assert!(read.matches(&key, &made.hash(&key)));
        assert!(!read.matches(&SigningKey::new("two"), &made.hash(&key)));

        let token = csrf_token(&key, made.id());
        assert!(!shows_csrf_token(&headers, &token), "the cookie alone is what a foreign page can send");
        headers.insert("x-csrf-token", HeaderValue::try_from(&token).expect("ASCII"));
        assert!(shows_csrf_token(&headers, &token));
        let other = csrf_token(&key, BrowserSessionId::from_uuid(Uuid::from_u128(8)));
        assert!(!shows_csrf_token(&headers, &other), "the token of another session");
    }
}
