//! Keeping secrets and home paths out of what is stored and shown (contract 01 §5, §2 import).
//!
//! One pass over the text, without backtracking over more than a few bytes. Better one harmless
//! word too many than a key too few: what only looks like a secret is replaced, too.

use std::borrow::Cow;

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

/// Beginnings of provider keys and of our own tokens, and how many characters must follow.
const KEY_SHAPES: [(&str, usize); 25] = [
    ("sk-", 8),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("pk_live_", 8),
    ("rk_live_", 8),
    ("whsec_", 8),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghs_", 16),
    ("ghu_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("gsk_", 16),
    ("hf_", 16),
    ("ocb_", 16),
    ("occ_", 16),
    ("occi_", 16),
    ("ocw_", 16),
    ("scim_", 16),
];

/// Names in front of `=` or `:` whose value is a secret.
const SECRET_NAMES: [&str; 12] = [
    "api_key",
    "apikey",
    "api-key",
    "access_token",
    "refresh_token",
    "auth_token",
    "client_secret",
    "secret_key",
    "secret_access_key",
    "private_key",
    "password",
    "passwd",
];

const PRIVATE_KEY_BEGIN: &[u8] = b"-----BEGIN ";
const PRIVATE_KEY_END: &str = "-----END ";
/// The shortest value after a secret's name that is taken for a secret.
const SHORTEST_VALUE: usize = 6;
/// A bearer token has a digit, or is at least this long: "bearer certificates" is no secret.
const LONG_BEARER: usize = 20;

/// Replaces secret-like strings.
pub fn secrets(text: &str) -> Cow<'_, str> {
    replaced(text, REDACTED, secret_at)
}

/// Replaces the home part of local paths by `~`.
pub fn home_paths(text: &str) -> Cow<'_, str> {
    replaced(text, "~", home_at)
}

/// Replaces both. What one replacement uncovers (a path right behind a key) is replaced, too.
pub fn redacted(text: &str) -> String {
    /// Text that needs more rounds was made to need them.
    const ROUNDS: usize = 8;
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        let without_homes = home_paths(&text);
        let next = match secrets(&without_homes) {
            Cow::Owned(next) => next,
            Cow::Borrowed(_) => match without_homes {
                Cow::Owned(next) => next,
                Cow::Borrowed(_) => break,
            },
        };
        text = Cow::Owned(next);
    }
    text.into_owned()
}

/// Whether a text holds a secret-like string.
pub fn holds_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|start| secret_at(bytes, start).is_some())
}

/// Whether a text holds a path of somebody's machine.
pub fn holds_local_path(text: &str) -> bool {
    const ROOTS: [&str; 13] = [
        "/Users/",
        "/home/",
        "/var/",
        "/tmp/",
        "/private/",
        "/Volumes/",
        "/workspace/",
        "/workspaces/",
        "/srv/",
        "/opt/",
        "/etc/",
        "/mnt/",
        "file:///",
    ];
    let bytes = text.as_bytes();
    let named = |end: usize| bytes.get(end).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'"');
    (0..bytes.len()).any(|start| {
        if !path_may_start(bytes, start) {
            return false;
        }
        let rest = &bytes[start..];
        let unix = ROOTS.iter().find(|root| rest.starts_with(root.as_bytes()));
        let windows = rest.len() > 3 && rest[0].is_ascii_alphabetic() && rest[1] == b':' && rest[2] == b'\\';
        unix.is_some_and(|root| named(start + root.len())) || (windows && named(start + 3))
    })
}

/// Whether a field of this name holds a secret, whatever its value looks like.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.ends_with(secret)) || name == "authorization"
}

/// Finds what begins, or is announced, at a place.
type Finder = fn(&[u8], usize) -> Option<(usize, usize)>;

/// Replaces what `find` finds from each place on: the range to replace, which starts at or after that place.
fn replaced<'t>(text: &'t str, by: &str, find: Finder) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let (mut copied, mut place) = (0, 0);
    while place < bytes.len() {
        let Some((start, end)) = find(bytes, place) else {
            place += 1;
            continue;
        };
        result.push_str(&text[copied..start]);
        result.push_str(by);
        copied = end;
        place = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[copied..]);
    Cow::Owned(result)
}

/// The secret that is announced or begins at `start`.
fn secret_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    match bytes[start].to_ascii_lowercase() {
        b'-' => private_key_at(bytes, start),
        b'e' => web_token_at(bytes, start),
        b'b' => bearer_at(bytes, start),
        b'a' | b'c' | b'g' | b'h' | b'o' | b'p' | b'r' | b's' | b'w' | b'x' => {
            provider_key_at(bytes, start).or_else(|| named_secret_at(bytes, start))
        }
        _ => None,
    }
}

fn private_key_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let rest = bytes[start..].strip_prefix(PRIVATE_KEY_BEGIN)?;
    let label = rest.iter().take(40).position(|byte| *byte == b'-').map(|end| &rest[..end])?;
    if !label.ends_with(b"PRIVATE KEY") {
        return None;
    }
    // Cut off before its end, everything that is left may be key.
    let body = std::str::from_utf8(&bytes[start..]).ok()?;
    let end = match body.find(PRIVATE_KEY_END) {
        Some(end) => body[end + PRIVATE_KEY_END.len()..].find("-----").map_or(body.len(), |tail| end + PRIVATE_KEY_END.len() + tail + 5),
        None => body.len(),
    };
    Some((start, start + end))
}

/// Three base64url parts with dots, the first of them an encoded `{"`.
fn web_token_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let inside_a_word = start > 0 && is_token_byte(bytes[start - 1]);
    if inside_a_word || !bytes[start..].starts_with(b"eyJ") {
        return None;
    }
    let header = run_end(bytes, start);
    let claims = (header - start >= 8 && bytes.get(header) == Some(&b'.')).then(|| run_end(bytes, header + 1))?;
    if claims - header < 5 || bytes.get(claims) != Some(&b'.') {
        return None;
    }
    Some((start, run_end(bytes, claims + 1)))
}

fn bearer_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let inside_a_word = start > 0 && bytes[start - 1].is_ascii_alphanumeric();
    let word = bytes.get(start..start + 6)?;
    if inside_a_word || !word.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let token = start + 6 + bytes[start + 6..].iter().take(4).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let length = bytes[token..].iter().take_while(|byte| is_token_byte(**byte) || b".+/=~".contains(byte)).count();
    let text = &bytes[token..token + length];
    let is_token = length >= LONG_BEARER || (length >= 8 && text.iter().any(u8::is_ascii_digit));
    (token > start + 6 && is_token).then_some((token, token + length))
}

fn provider_key_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let inside_a_word = start > 0 && bytes[start - 1].is_ascii_alphanumeric();
    if inside_a_word {
        return None;
    }
    let rest = &bytes[start..];
    let (shape, needed) = KEY_SHAPES.iter().find(|(shape, _)| rest.starts_with(shape.as_bytes()))?;
    let end = run_end(bytes, start + shape.len());
    (end - start - shape.len() >= *needed).then_some((start, end))
}

/// The value after `api_key=`, `"password": "` and the like.
fn named_secret_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let rest = &bytes[start..];
    let is_named = |name: &&&str| rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
    let name = SECRET_NAMES.iter().find(is_named)?;
    let skip = |from: usize, what: &[u8]| from + bytes[from..].iter().take(4).take_while(|byte| what.contains(byte)).count();
    let separator = skip(start + name.len(), b" \t\"'\\");
    if !matches!(bytes.get(separator), Some(b'=' | b':')) {
        return None;
    }
    let value = skip(separator + 1, b" \t\"'\\");
    let length = bytes[value..].iter().take_while(|byte| !byte.is_ascii_whitespace() && !b"\"'`,;&()[]{}<>\\".contains(byte)).count();
    let text = &bytes[value..value + length];
    // The scheme is no secret; what follows it is looked at on its own.
    let is_scheme = text.eq_ignore_ascii_case(b"bearer");
    (length >= SHORTEST_VALUE && !is_scheme).then_some((value, value + length))
}

/// A home folder that begins at `start`.
fn home_at(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    if !path_may_start(bytes, start) {
        return None;
    }
    let rest = &bytes[start..];
    let windows = rest.len() > 3 && rest[0].is_ascii_alphabetic() && rest[1] == b':';
    let prefixes: &[&str] = if windows { &["\\Users\\", "\\\\Users\\\\", "/Users/"] } else { &["/Users/", "/home/"] };
    let offset = if windows { 2 } else { 0 };
    let prefix = prefixes.iter().find(|prefix| rest[offset..].starts_with(prefix.as_bytes()))?;
    let name = start + offset + prefix.len();
    let length = bytes[name..].iter().take_while(|byte| !byte.is_ascii_whitespace() && !b"/\\\"'`:,;()[]{}<>~".contains(byte)).count();
    (length > 0).then_some((start, name + length))
}

/// A path doesn't start in the middle of a word, nor in that of a URL.
fn path_may_start(bytes: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1).map(|before| bytes[before]) else { return true };
    !(before.is_ascii_alphanumeric() || b"_-.~".contains(&before) || before >= 0x80)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn run_end(bytes: &[u8], start: usize) -> usize {
    start + bytes[start..].iter().take_while(|byte| is_token_byte(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_go_and_their_names_stay() {
        for (text, kept) in [
            ("key sk-abcdefgh1234.", "key [redacted]."),
            ("OPENAI_API_KEY=abcdef123", "OPENAI_API_KEY=[redacted]"),
            (r#"{"password": "hunter22","a":1}"#, r#"{"password": "[redacted]","a":1}"#),
            ("Authorization: Bearer abc.def12", "Authorization: Bearer [redacted]"),
            ("token ocb_0123456789abcdef!", "token [redacted]!"),
            ("jwt eyJhbGciOi.eyJzdWIi.c2ln!", "jwt [redacted]!"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend", "[redacted]\nend"),
            ("a task-run of the risk-accepted kind", "a task-run of the risk-accepted kind"),
            ("the bearer certificates", "the bearer certificates"),
        ] {
            assert_eq!(secrets(text), kept, "{text}");
        }
    }

    #[test]
    fn home_folders_go_and_the_rest_of_the_path_stays() {
        assert_eq!(home_paths("see /home/kim/a.txt and C:\\Users\\Kim\\b"), "see ~/a.txt and ~\\b");
        assert_eq!(home_paths("https://x.example/home/kim"), "https://x.example/home/kim");
        assert!(holds_local_path("at /etc/hosts") && holds_local_path("file:///a") && holds_local_path("in D:\\data"));
        assert!(!holds_local_path("https://x.example/etc/hosts") && !holds_local_path("Plan B:\nnext") && !holds_local_path("/tmp/ "));
    }

    fn planted() -> impl Strategy<Value = String> {
        let tail = "[A-Za-z0-9_]{30,40}";
        prop_oneof![
            (proptest::sample::select(KEY_SHAPES.map(|(shape, _)| shape).to_vec()), tail)
                .prop_map(|(shape, tail)| format!("{shape}{tail}")),
            (proptest::sample::select(SECRET_NAMES.to_vec()), tail).prop_map(|(name, tail)| format!("{name}={tail}")),
            tail.prop_map(|tail| format!("Bearer {tail}")),
            tail.prop_map(|tail| format!("eyJ{tail}.{tail}.{tail}")),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_planted_secret_survives(before in "\\PC{0,20}", secret in planted(), after in "\\PC{0,20}") {
            let text = format!("{before} {secret} {after}");
            let kept = secrets(&text);
            let core = &secret[secret.len() - 30..];
            prop_assert!(holds_secret(&text));
            prop_assert!(!kept.contains(core), "{kept}");
        }

        #[test]
        fn redacting_is_total_and_idempotent(text in "(\\PC|sk-|eyJ|bearer |password=|/home/|[a-z0-9.\\\\]|-----BEGIN ){0,40}") {
            let once = redacted(&text);
            prop_assert_eq!(redacted(&once), once);
            let _ = (holds_secret(&text), holds_local_path(&text));
        }
    }
}
