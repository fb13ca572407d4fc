//! The life of a stored key.
//!
//! A single refusal never takes a working key out of use, unless a person asked: providers answer 401 for reasons that pass,
//! and with the key go all running sessions. A person who asks sees the answer and can ask again.

use super::{ByokStatus, CheckRules, Finding, Health, KeyMarks, ValidationSource, Verdict, check::spread};
use crate::timestamp::Timestamp;

/// Why a check is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckCause {
    /// Somebody asked for it.
    Asked,
    /// It is time.
    Scheduled,
    /// The provider refused the key in use.
    Refused,
}

impl CheckCause {
    /// The word as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Scheduled => "scheduled",
            Self::Refused => "refused",
        }
    }

    /// What this word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Asked, Self::Scheduled, Self::Refused].into_iter().find(|cause| cause.as_str() == word)
    }
}

/// A check that somebody will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueCheck {
    /// Not before this.
    pub at: Timestamp,
    /// Why.
    pub cause: CheckCause,
}

/// Who said that the key may be used, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validated {
    /// Who.
    pub source: ValidationSource,
    /// When last.
    pub at: Timestamp,
}

/// A stored key, apart from the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What it is good for.
    pub status: ByokStatus,
    /// Who said so last.
    pub validated: Option<Validated>,
    /// What is known against it.
    pub finding: Option<Finding>,
    /// The check that is due.
    pub due: Option<DueCheck>,
    /// Checks in a row that came to nothing.
    pub attempts: u32,
    /// Refusals in a row while it was in use.
    pub refusals: u32,
    /// When a check last began.
    pub last_check_at: Option<Timestamp>,
}

/// What a check changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not in use and is now.
    Activated,
    /// It was in use and stays.
    Confirmed,
    /// It is in use and was refused; the next refusal counts.
    Doubted,
    /// It was in use and isn't any more.
    Lost,
    /// It was not in use and must not be.
    Rejected,
    /// Nothing is known.
    Open,
}

/// A change that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is out of use for good.
    #[error("the key is disabled")]
    Disabled,
    /// Nobody's word makes a key usable that no runtime has a use for.
    #[error("the provider is not supported")]
    Unsupported,
}

impl Credential {
    /// A key that was just saved.
    pub const fn saved() -> Self {
        Self {
            status: ByokStatus::PendingValidation,
            validated: None,
            finding: None,
            due: None,
            attempts: 0,
            refusals: 0,
            last_check_at: None,
        }
    }

    /// Whether a runtime may use it: in use, and somebody said when that it may (requirement R-BYOK-12).
    pub fn is_usable(&self) -> bool {
        self.status == ByokStatus::Active && self.validated.is_some()
    }

    /// How it is, in one word.
    pub fn health(&self) -> Health {
        let is_against_it = self.finding.as_ref().is_some_and(|finding| finding.code.is_some());
        match self.status {
            ByokStatus::PendingValidation if self.due.is_some() => Health::Checking,
            ByokStatus::PendingValidation => Health::Unchecked,
            ByokStatus::Active if is_against_it => Health::Doubtful,
            ByokStatus::Active => Health::Healthy,
            ByokStatus::Disabled => Health::Off,
            ByokStatus::Expired | ByokStatus::Invalid | ByokStatus::Unsupported => Health::Failed,
        }
    }

    /// Somebody asks for a check.
    ///
    /// # Errors
    /// It is disabled.
    pub fn ask(mut self, now: Timestamp) -> Result<Self, CredentialError> {
        self.refuse_disabled()?;
        self.due = Some(DueCheck { at: now, cause: CheckCause::Asked });
        self.attempts = 0;
        Ok(self)
    }

    /// The provider refused the key in use. None when that changes nothing: it is not in use, a check is near, or a person
    /// answers for it.
    pub fn refused_in_use(mut self, now: Timestamp, rules: &CheckRules) -> Option<Self> {
        if !self.is_usable() || self.is_overridden() {
            return None;
        }
        let earliest = self.last_check_at.map_or(now, |last| last.plus_millis(rules.doubt_pause).max(now));
        if self.due.is_some_and(|due| due.at <= earliest) {
            return None;
        }
        self.due = Some(DueCheck { at: earliest, cause: CheckCause::Refused });
        Some(self)
    }

    /// A check begins: from now on it counts, so that one that takes its worker down isn't tried for ever. False when it was
    /// tried often enough.
    ///
    /// # Errors
    /// It is disabled.
    pub fn begin_check(mut self, now: Timestamp, rules: &CheckRules) -> Result<(Self, bool), CredentialError> {
        self.refuse_disabled()?;
        let may_run = self.attempts < rules.attempts;
        self.attempts = self.attempts.saturating_add(1);
        self.last_check_at = Some(now);
        Ok((self, may_run))
    }

    /// A check that began has ended. `chance`, one of a thousand, spreads what comes next.
    ///
    /// # Errors
    /// It was disabled meanwhile: the verdict comes too late.
    pub fn checked(self, verdict: &Verdict, now: Timestamp, rules: &CheckRules, chance: u16) -> Result<(Self, Outcome), CredentialError> {
        self.refuse_disabled()?;
        let was_active = self.status == ByokStatus::Active;
        let settled = match verdict {
            Verdict::Valid => self.taken(now, rules, chance),
            Verdict::Unsupported => self.ended(ByokStatus::Unsupported, Finding::unsupported()),
            Verdict::Refused { message } => self.refused(ByokStatus::Invalid, Finding::failed(message), now, rules),
            // Clocks are set back, and plans renewed: it counts like any refusal.
            Verdict::Expired { message } => self.refused(ByokStatus::Expired, Finding::expired(message), now, rules),
            Verdict::Unknown { message, retry } => return Ok((self.postponed(message, *retry, now, rules, chance), Outcome::Open)),
        };
        let outcome = match (was_active, settled.status == ByokStatus::Active) {
            (false, true) => Outcome::Activated,
            (true, true) if settled.refusals > 0 => Outcome::Doubted,
            (true, true) => Outcome::Confirmed,
            (true, false) => Outcome::Lost,
            (false, false) => Outcome::Rejected,
        };
        Ok((settled, outcome))
    }

    /// A person answers for the key, if the deployment knows its provider. Nobody checks it by itself any more; whoever asks for a check takes the answer.
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn override_validation(self, is_supported: bool, reason: &str, marks: &KeyMarks, now: Timestamp) -> Result<Self, CredentialError> {
        self.refuse_disabled()?;
        if !is_supported {
            return Err(CredentialError::Unsupported);
        }
        Ok(Self {
            status: ByokStatus::Active,
            validated: Some(Validated { source: ValidationSource::Override, at: now }),
            finding: Some(Finding::overridden(reason, marks)),
            due: None,
            attempts: 0,
            refusals: 0,
            ..self
        })
    }

    /// The deployment knows no such provider, as somebody found without a check.
    ///
    /// # Errors
    /// It is disabled.
    pub fn found_unsupported(self) -> Result<Self, CredentialError> {
        self.refuse_disabled()?;
        Ok(self.ended(ByokStatus::Unsupported, Finding::unsupported()))
    }

    /// Takes it out of use, for good.
    ///
    /// # Errors
    /// It is already.
    pub fn disable(self) -> Result<Self, CredentialError> {
        self.refuse_disabled()?;
        Ok(Self { status: ByokStatus::Disabled, due: None, attempts: 0, refusals: 0, ..self })
    }

    const fn refuse_disabled(&self) -> Result<(), CredentialError> {
        if matches!(self.status, ByokStatus::Disabled) { Err(CredentialError::Disabled) } else { Ok(()) }
    }

    fn is_overridden(&self) -> bool {
        self.validated.is_some_and(|validated| validated.source == ValidationSource::Override)
    }

    /// Whether a refusal counts at once: a person asked, and takes the answer.
    fn is_final(&self) -> bool {
        self.due.is_some_and(|due| due.cause == CheckCause::Asked)
    }

    fn taken(self, now: Timestamp, rules: &CheckRules, chance: u16) -> Self {
        let next =
            rules.revalidate_every.map(|every| DueCheck { at: now.plus_millis(spread(every, chance)), cause: CheckCause::Scheduled });
        Self {
            status: ByokStatus::Active,
            validated: Some(Validated { source: ValidationSource::Validator, at: now }),
            finding: None,
            due: next,
            attempts: 0,
            refusals: 0,
            ..self
        }
    }

    fn ended(self, status: ByokStatus, finding: Finding) -> Self {
        Self { status, finding: Some(finding), due: None, attempts: 0, refusals: 0, ..self }
    }

    /// A refusal ends what isn't in use at once. What is in use is asked once more, unless a person asked.
    fn refused(self, status: ByokStatus, finding: Finding, now: Timestamp, rules: &CheckRules) -> Self {
        let refusals = self.refusals.saturating_add(1);
        if self.status != ByokStatus::Active || self.is_final() || refusals >= rules.refusals {
            return self.ended(status, finding);
        }
        let again = DueCheck { at: now.plus_millis(rules.doubt_pause), cause: CheckCause::Refused };
        Self { finding: Some(finding), due: Some(again), attempts: 0, refusals, ..self }
    }

    fn postponed(self, message: &str, retry: bool, now: Timestamp, rules: &CheckRules, chance: u16) -> Self {
        let cause = self.due.map_or(CheckCause::Scheduled, |due| due.cause);
        let again = retry.then(|| rules.pause_after(self.attempts)).flatten();
        let is_active = self.status == ByokStatus::Active;
        let (due, attempts) = match (again, rules.revalidate_every) {
            (Some(pause), _) => (Some(DueCheck { at: now.plus_millis(spread(pause, chance)), cause }), self.attempts),
            // What is in use stays in use, and is asked again with the next round.
            (None, Some(every)) if is_active && !self.is_overridden() => {
                (Some(DueCheck { at: now.plus_millis(spread(every, chance)), cause: CheckCause::Scheduled }), 0)
            }
            (None, _) => (None, 0),
        };
        // A person's word stays readable: nothing that is known speaks against it.
        let finding = if is_active && self.is_overridden() { self.finding } else { Some(Finding::failed(message)) };
        Self { finding, due, attempts, ..self }
    }
}

#[cfg(test)]
mod tests;
