//! What is known about a key, in words for people (contract 03 §1: `validationError`).

use super::KeyMarks;
use crate::{codes::Code, redact};
use std::borrow::Cow;

/// The longest text, in characters.
const LONGEST: usize = 512;
/// In front of a person's reason.
const OVERRIDE: &str = "Operator override: ";

/// Why a key is not in use, or is in use all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// For programs; none where a person decided.
    pub code: Option<Code>,
    /// For people. It never holds a secret.
    pub text: String,
}

impl Finding {
    /// The check failed.
    pub fn failed(text: &str) -> Self {
        Self { code: Some(Code::ByokValidationFailed), text: shortened(&redact::redacted(text)) }
    }

    /// Its time is over.
    pub fn expired(text: &str) -> Self {
        Self { code: Some(Code::ByokKeyExpired), ..Self::failed(text) }
    }

    /// The deployment knows no such provider.
    pub fn unsupported() -> Self {
        let text = "No validator is registered for this provider, so its key is never used.".to_owned();
        Self { code: Some(Code::ByokUnsupportedProvider), text }
    }

    /// A person overrode the validation, for a reason in which neither the key itself nor anything that looks like one stays.
    pub fn overridden(reason: &str, key: &KeyMarks) -> Self {
        let reason = redact::redacted(&without_key(reason.trim(), key)).replace('\0', "\u{fffd}");
        Self { code: None, text: shortened(&format!("{OVERRIDE}{reason}")) }
    }

    /// The reason for which a person overrode the validation, as it may be kept.
    pub fn reason(&self) -> Option<&str> {
        self.text.strip_prefix(OVERRIDE)
    }
}

/// A key of no known shape is still recognised by its fingerprint, word by word.
fn without_key<'t>(text: &'t str, key: &KeyMarks) -> Cow<'t, str> {
    let mut cleaned = Cow::Borrowed(text);
    for word in text.split(|character: char| character.is_whitespace() || "\"'`,;()<>[]{}".contains(character)) {
        let bare = word.trim_matches(['.', ':', '!', '?', '=']);
        let value = bare.rsplit_once(['=', ':']).map_or(bare, |(_, value)| value);
        for candidate in [word, bare, value] {
            if !candidate.is_empty() && key.are_of(candidate) {
                cleaned = Cow::Owned(cleaned.replace(candidate, redact::REDACTED));
            }
        }
    }
    cleaned
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byok::ProviderKey;

    #[test]
    fn a_reason_keeps_no_key_whatever_its_shape() {
        let odd = ProviderKey::read("quite-an-ordinary-word").expect("a key").marks();
        let finding = Finding::overridden(" ticket 12 sk-abcdefgh1234, key=quite-an-ordinary-word. ", &odd);
        assert_eq!(finding.text, "Operator override: ticket 12 [redacted], key=[redacted].");
        assert_eq!(finding.code, None);
        assert_eq!(Finding::overridden(&"x".repeat(900), &odd).text.chars().count(), 512);
    }
}
