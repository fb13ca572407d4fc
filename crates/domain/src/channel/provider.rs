//! Which chat system a channel is of.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A chat system: one of the eight kinds, or a name of the operator's own for another instance of one, such as `telegram-eu`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelProvider(Arc<str>);

/// A kind of chat system, as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderKind {
    /// The provider's name.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
}

/// All kinds, in the order in which they are listed.
pub const KINDS: [ProviderKind; 8] = [
    ProviderKind { name: "telegram", label: "Telegram" },
    ProviderKind { name: "slack", label: "Slack" },
    ProviderKind { name: "email", label: "Email" },
    ProviderKind { name: "discord", label: "Discord" },
    ProviderKind { name: "whatsapp", label: "WhatsApp" },
    ProviderKind { name: "signal", label: "Signal" },
    ProviderKind { name: "webhook", label: "Webhook" },
    ProviderKind { name: "cli", label: "CLI" },
];

const LONGEST_NAME: usize = 64;

impl ChannelProvider {
    /// Reads a provider's name. Anything else is no provider, and counts as absent (contract 04 §1).
    pub fn parse(name: &str) -> Option<Self> {
        let is_kind = || KINDS.iter().any(|kind| kind.name == name);
        (is_kind() || is_own_name(name)).then(|| Self(name.into()))
    }

    /// Takes over what a row says: it was read when it was stored.
    pub fn stored(name: String) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of a kind: by its name, or by what its name begins with.
    pub fn is_of(&self, kind: ProviderKind) -> bool {
        self.0.strip_prefix(kind.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

/// `^[a-z][a-z0-9_-]{1,63}$`, with a dash, which no kind has.
fn is_own_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (2..=LONGEST_NAME).contains(&name.len()) && name.as_bytes()[0].is_ascii_lowercase() && name.bytes().all(is_plain) && name.contains('-')
}

impl fmt::Display for ChannelProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_a_kind_or_an_own_name_with_a_dash() {
        let parsed = |name: &str| ChannelProvider::parse(name).is_some();
        assert!(KINDS.iter().all(|kind| parsed(kind.name)) && parsed("telegram-eu") && parsed("a-"));
        let too_long = format!("a-{}", "b".repeat(63));
        for wrong in ["", " ", "irc", "Telegram", "-a", "1-a", "telegram-EU", "a b-c", &too_long] {
            assert!(!parsed(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_instance_counts_for_its_kind() {
        let is_telegram = |name: &str| ChannelProvider::parse(name).is_some_and(|provider| provider.is_of(KINDS[0]));
        assert!(is_telegram("telegram") && is_telegram("telegram-eu"));
        assert!(!is_telegram("slack") && !is_telegram("telegrams-x"));
    }
}
