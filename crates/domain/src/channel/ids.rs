//! The names of what channels are made of: UUIDs, or ids made of what a client called the thing (contract 04 §3).

use crate::ids::{OrgId, ParseIdError, stable_id, text_id};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The longest id and name of anything of a channel, in characters (contract 04 §1).
pub const LONGEST_ID: usize = 256;

macro_rules! channel_id {
    ($(#[$doc:meta])* $name:ident) => {
        text_id!($(#[$doc])* $name);

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Takes 1 to [`LONGEST_ID`] characters without U+0000: nothing else is stored, so nothing else names anything.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if is_id(text) { Ok(Self::new(text)) } else { Err(ParseIdError(stringify!($name))) }
            }
        }
    };
}

channel_id!(
    /// A headless agent: who answers in the channels that are bound to it.
    AgentId
);
channel_id!(
    /// A channel binding: one chat system of an organisation, connected with an agent.
    ChannelBindingId
);
channel_id!(
    /// Somebody in a chat system.
    IdentityId
);
channel_id!(
    /// A *session* binding: one thread of a channel, and the session that it is.
    ChannelSessionId
);

impl AgentId {
    /// The agent that a client calls `seed`: the same name is the same agent of the organisation.
    pub fn of_seed(org: &OrgId, seed: &str) -> Self {
        Self::new(stable_id("channel_agent", &[org.as_str(), seed]))
    }
}

impl ChannelBindingId {
    /// The binding that a client calls `seed`: the same name is the same binding of the organisation.
    pub fn of_seed(org: &OrgId, seed: &str) -> Self {
        Self::new(stable_id("channel_binding", &[org.as_str(), seed]))
    }
}

/// Whether a text may be an id or a name of a channel's world.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0') && (text.len() <= LONGEST_ID || text.chars().count() <= LONGEST_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_to_256_characters_that_a_database_takes() {
        assert_eq!("B".parse(), Ok(ChannelBindingId::new("B")));
        assert!("é".repeat(256).parse::<AgentId>().is_ok());
        for wrong in [String::new(), "é".repeat(257), "a\0b".to_owned()] {
            assert!(wrong.parse::<AgentId>().is_err());
        }
    }

    #[test]
    fn what_a_client_calls_the_same_is_the_same_within_its_organisation() {
        let of = |org: &str, seed: &str| AgentId::of_seed(&OrgId::new(org), seed);
        assert_eq!(of("acme", "support"), of("acme", "support"));
        assert_ne!(of("acme", "support"), of("globex", "support"));
    }
}
