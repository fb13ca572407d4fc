//! Names of providers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};

/// The longest name, in characters.
const LONGEST: usize = 64;

/// A provider's name as it is stored and shown: lower case, 1 to 64 characters, `^[a-z0-9][a-z0-9._-]*$` (contract 03 §1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(Arc<str>);

/// Text that can't name a provider; the sentence is the contract's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unsupported BYOK provider id {0}.")]
pub struct ProviderIdError(String);

impl ProviderId {
    /// Reads a name as a person writes it: trimmed, in any case.
    pub fn parse(text: &str) -> Result<Self, ProviderIdError> {
        let name = text.trim().to_ascii_lowercase();
        let mut letters = name.bytes();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = letters.next().is_some_and(plain) && letters.all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'));
        if !fits || name.len() > LONGEST {
            // As received, but never without an end.
            return Err(ProviderIdError(text.chars().take(2 * LONGEST).collect()));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a list of names, as people write them, has this one.
    pub fn is_in(&self, names: &[String]) -> bool {
        names.iter().any(|name| name.trim().eq_ignore_ascii_case(self.as_str()))
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ProviderId {
    type Err = ProviderIdError;

    fn from_str(text: &str) -> Result<Self, ProviderIdError> {
        Self::parse(text)
    }
}

impl Serialize for ProviderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProviderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_lower_case() {
        for (text, name) in [(" OpenAI ", "openai"), ("my.own_llm-2", "my.own_llm-2"), ("0", "0")] {
            assert_eq!(ProviderId::parse(text).unwrap().as_str(), name);
        }
        for text in ["", " ", "-a", ".a", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert!(ProviderId::parse(text).is_err(), "{text}");
        }
        assert_eq!(ProviderId::parse("a/B").unwrap_err().to_string(), "Unsupported BYOK provider id a/B.");
    }
}
