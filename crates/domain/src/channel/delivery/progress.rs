//! What may become of a delivery, as a pure machine.
//!
//! ```text
//! pending ──claim──▶ claimed ──sent──▶ sent
//!    ▲                 │ │ └────dead──▶ dead
//!    │ claim ran out   │ └──failed──▶ failed ──when due──▶ claimed
//!    └─────────────────┘
//! ```
//! A claim that ran out leaves the delivery claimable. An operator can send anything again, and bury anything.

use super::claim::{ClaimProof, ClaimToken, NewClaim};
use crate::{channel::word::words, timestamp::Timestamp};

/// A retry that is further away than this gives up its place in the lane: nobody's chat falls silent for a day because one
/// message waits that long.
pub const LANE_PATIENCE_MS: i64 = 15 * 60_000;

words! {
    /// Where a delivery stands.
    DeliveryStatus {
        /// It waits for its first claim.
        Pending = "pending",
        /// A gateway sends it.
        Claimed = "claimed",
        /// The chat has it.
        Sent = "sent",
        /// An attempt failed; the next one follows.
        Failed = "failed",
        /// It was given up.
        Dead = "dead",
    }
}

words! {
    /// Why a delivery was given up.
    DeadReason {
        /// It was tried as often as a delivery is.
        AttemptsExhausted = "attempts_exhausted",
        /// The gateway said that it can't be sent.
        Gateway = "gateway",
        /// Somebody decided so.
        Operator = "operator",
    }
}

/// Where a delivery stands, with what belongs to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first claim.
    Pending,
    /// A gateway sends it.
    Claimed {
        /// Which, as it calls itself.
        by: String,
        /// From then on others may claim it.
        until: Timestamp,
    },
    /// The chat has it.
    Sent,
    /// An attempt failed.
    Failed,
    /// It was given up.
    Dead(DeadReason),
}

/// How far a delivery is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: DeliveryState,
    /// Claims so far.
    pub attempts: u32,
    /// With so many it is given up.
    pub attempt_limit: u32,
    /// The latest claim. It stays when the claim is over, so that the same word said twice is recognised.
    pub claim: Option<uuid::Uuid>,
    /// Who claimed it last: a gateway token's id, or a claimant's name.
    pub last_claimed_by: Option<String>,
    /// From then on it may be claimed, unless it is at rest.
    pub next_attempt_at: Timestamp,
    /// Its place in its lane: the lane's deliveries are sent in the order of their places.
    pub place: Timestamp,
    /// What went wrong last, redacted.
    pub last_error: Option<String>,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The chat has it.
    Sent,
    /// Another attempt may succeed.
    Failed,
    /// No attempt will succeed.
    Dead,
}

impl Outcome {
    /// The outcome with this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "sent" => Some(Self::Sent),
            "failed" => Some(Self::Failed),
            "dead" => Some(Self::Dead),
            _ => None,
        }
    }
}

/// What a gateway says of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// What it came to.
    pub outcome: Outcome,
    /// When to try again; now, if it doesn't say.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong, redacted.
    pub error: Option<String>,
}

/// What a claim made of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is to be sent.
    Begun(Progress),
    /// It was tried often enough and is given up instead.
    GivenUp(Progress),
}

/// Why a word about an attempt has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AckRefusal {
    /// Whoever shows no claim token learns nothing about deliveries that aren't theirs.
    #[error("no delivery is claimed under this name")]
    NotClaimed,
    /// The claim ended, and somebody else may have sent it meanwhile.
    #[error("the claim is over")]
    ClaimLost,
}

impl DeliveryState {
    /// Without what belongs to it.
    pub const fn status(&self) -> DeliveryStatus {
        match self {
            Self::Pending => DeliveryStatus::Pending,
            Self::Claimed { .. } => DeliveryStatus::Claimed,
            Self::Sent => DeliveryStatus::Sent,
            Self::Failed => DeliveryStatus::Failed,
            Self::Dead(_) => DeliveryStatus::Dead,
        }
    }

    /// Whether nobody will try to send it any more.
    pub const fn is_at_rest(&self) -> bool {
        matches!(self, Self::Sent | Self::Dead(_))
    }
}

impl Progress {
    /// A new delivery, due at once or later; it stands in its lane where its time is. One that is said to be claimed already is
    /// by nobody, so it waits.
    pub fn begin(status: DeliveryStatus, next_attempt_at: Option<Timestamp>, attempt_limit: u32, now: Timestamp) -> Self {
        let state = match status {
            DeliveryStatus::Pending | DeliveryStatus::Claimed => DeliveryState::Pending,
            DeliveryStatus::Sent => DeliveryState::Sent,
            DeliveryStatus::Failed => DeliveryState::Failed,
            DeliveryStatus::Dead => DeliveryState::Dead(DeadReason::Gateway),
        };
        let next_attempt_at = next_attempt_at.unwrap_or(now);
        let place = next_attempt_at.max(now);
        Self { state, attempts: 0, attempt_limit, claim: None, last_claimed_by: None, next_attempt_at, place, last_error: None }
    }

    /// When it may be claimed; never, if it is at rest.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            DeliveryState::Pending | DeliveryState::Failed => Some(self.next_attempt_at),
            DeliveryState::Claimed { until, .. } => Some(until),
            DeliveryState::Sent | DeliveryState::Dead(_) => None,
        }
    }

    /// The token of the attempt that runs.
    pub fn claim_token(&self) -> Option<ClaimToken> {
        let is_claimed = matches!(self.state, DeliveryState::Claimed { .. });
        self.claim.filter(|_| is_claimed).map(|claim| ClaimToken { claim, attempt: self.attempts })
    }

    /// Takes a delivery that is due. `None` if it isn't.
    pub fn claim(mut self, claim: &NewClaim, until: Timestamp, now: Timestamp) -> Option<Attempt> {
        self.due_at().filter(|due| *due <= now)?;
        if self.attempts >= self.attempt_limit {
            let given_up = format!("given up after {} attempts", self.attempts);
            self.last_error = Some(self.last_error.map_or(given_up.clone(), |error| format!("{given_up}: {error}")));
            self.state = DeliveryState::Dead(DeadReason::AttemptsExhausted);
            return Some(Attempt::GivenUp(self));
        }
        self.attempts += 1;
        self.state = DeliveryState::Claimed { by: claim.by.clone(), until };
        self.claim = Some(claim.id);
        self.last_claimed_by = Some(claim.token.as_ref().map_or_else(|| claim.by.clone(), |token| token.as_str().to_owned()));
        Some(Attempt::Begun(self))
    }

    /// Keeps an attempt that takes longer than its claim.
    ///
    /// # Errors
    /// `ClaimLost`.
    pub fn renew(mut self, token: ClaimToken, until: Timestamp) -> Result<Self, AckRefusal> {
        match &mut self.state {
            DeliveryState::Claimed { until: ends, .. } if self.claim == Some(token.claim) && self.attempts == token.attempt => {
                *ends = until;
            }
            _ => return Err(AckRefusal::ClaimLost),
        }
        Ok(self)
    }

    /// Ends an attempt. Nobody may have claimed the delivery since, not even if the claim ran out meanwhile. What was said with
    /// a claim token already may be said again.
    ///
    /// # Errors
    /// `NotClaimed`, `ClaimLost`.
    pub fn settle(mut self, proof: &ClaimProof, settlement: Settlement, now: Timestamp) -> Result<Self, AckRefusal> {
        if !self.is_proven(proof)? {
            return if self.says_already(settlement.outcome) { Ok(self) } else { Err(AckRefusal::ClaimLost) };
        }
        self.next_attempt_at = settlement.next_attempt_at.unwrap_or(now);
        self.last_error = settlement.error;
        self.state = match settlement.outcome {
            Outcome::Sent => DeliveryState::Sent,
            Outcome::Dead => DeliveryState::Dead(DeadReason::Gateway),
            Outcome::Failed if self.attempts >= self.attempt_limit => DeliveryState::Dead(DeadReason::AttemptsExhausted),
            Outcome::Failed => {
                if self.next_attempt_at.as_millis() - now.as_millis() > LANE_PATIENCE_MS {
                    self.place = self.next_attempt_at;
                }
                DeliveryState::Failed
            }
        };
        Ok(self)
    }

    /// Sends it again, whatever became of it. The count of attempts stays, and begins anew towards its limit of `cap`. What was
    /// at rest stands last: others were sent past it.
    #[must_use]
    pub fn retry(mut self, cap: u32, now: Timestamp) -> Self {
        if self.state.is_at_rest() {
            self.place = now;
        }
        self.state = DeliveryState::Failed;
        self.attempt_limit = self.attempts.saturating_add(cap);
        self.next_attempt_at = now;
        self.last_error = None;
        self
    }

    /// Gives it up, whatever became of it.
    #[must_use]
    pub fn bury(mut self, error: String, now: Timestamp) -> Self {
        self.state = DeliveryState::Dead(DeadReason::Operator);
        self.next_attempt_at = now;
        self.last_error = Some(error);
        self
    }

    /// Whether the attempt that runs is theirs; `false` if it was and is over.
    fn is_proven(&self, proof: &ClaimProof) -> Result<bool, AckRefusal> {
        match (proof, &self.state) {
            (ClaimProof::Name { by, token }, DeliveryState::Claimed { by: holder, .. }) if by == holder => {
                let came_with = token.as_ref().is_none_or(|token| self.last_claimed_by.as_deref() == Some(token.as_str()));
                if came_with { Ok(true) } else { Err(AckRefusal::NotClaimed) }
            }
            (ClaimProof::Name { .. }, _) => Err(AckRefusal::NotClaimed),
            (ClaimProof::Token(token), _) if self.claim != Some(token.claim) || self.attempts != token.attempt => {
                Err(AckRefusal::ClaimLost)
            }
            (ClaimProof::Token(_), state) => Ok(matches!(state, DeliveryState::Claimed { .. })),
        }
    }

    fn says_already(&self, outcome: Outcome) -> bool {
        match (outcome, &self.state) {
            (Outcome::Sent, DeliveryState::Sent) | (Outcome::Failed, DeliveryState::Failed) => true,
            (Outcome::Failed, DeliveryState::Dead(reason)) => *reason == DeadReason::AttemptsExhausted,
            (Outcome::Dead, DeliveryState::Dead(reason)) => *reason == DeadReason::Gateway,
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
