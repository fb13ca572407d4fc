//! Who sends a delivery at the moment, and how they prove it.

use crate::ids::TokenId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

const PREFIX: &str = "dct_";

/// One attempt at a delivery: the claim that it was taken with, and the number of the attempt. A delivery that is claimed
/// anew has another token, so whoever comes late with the former one learns that it lost the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimToken {
    /// Which claim. One claim may take several deliveries.
    pub claim: Uuid,
    /// Which attempt: it grows with every claim of the delivery.
    pub attempt: u32,
}

/// Text that is no claim token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a claim token")]
pub struct ParseClaimTokenError;

impl fmt::Display for ClaimToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}_{}", self.claim.simple(), self.attempt)
    }
}

impl FromStr for ClaimToken {
    type Err = ParseClaimTokenError;

    fn from_str(text: &str) -> Result<Self, ParseClaimTokenError> {
        let (claim, attempt) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(ParseClaimTokenError)?;
        let claim = Uuid::try_parse(claim).map_err(|_| ParseClaimTokenError)?;
        let attempt = attempt.parse().map_err(|_| ParseClaimTokenError)?;
        Ok(Self { claim, attempt })
    }
}

/// A claim of whatever is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewClaim {
    /// Minted by whoever asks. The same claim made again is the same claim.
    pub id: Uuid,
    /// The claimant, as it calls itself.
    pub by: String,
    /// The gateway token that it came with.
    pub token: Option<TokenId>,
}

/// How somebody proves that a delivery is theirs to acknowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimProof {
    /// By the name they claimed it with, and the gateway token they came with (contract 04 §8).
    Name {
        /// As they call themselves.
        by: String,
        /// What they came with, if it is a gateway token.
        token: Option<TokenId>,
    },
    /// By the token of the attempt.
    Token(ClaimToken),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_token_reads_back_what_it_prints_and_nothing_else() {
        let token = ClaimToken { claim: Uuid::from_u128(7), attempt: 3 };
        assert_eq!(token.to_string(), "dct_00000000000000000000000000000007_3");
        assert_eq!(token.to_string().parse(), Ok(token));
        for wrong in ["", "dct_", "dct_1_1", "dct_00000000000000000000000000000007", "dct_00000000000000000000000000000007_-1"] {
            assert!(wrong.parse::<ClaimToken>().is_err(), "{wrong}");
        }
    }
}
