//! Quotas of an organisation, as a pure ledger (contract 03 §3, architecture §5 "Org admission").
//!
//! A prompt is admitted by a grant that is named by the command's id, so that a retry is the same
//! grant. What is admitted but not yet known to be in the journal expires.

use crate::{
    codes::Code,
    ids::{CommandId, SessionId},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::HashMap};

/// A grant that nobody confirms is given back after this time, in milliseconds.
pub const GRANT_LIFETIME_MS: i64 = 30_000;
/// The window of hourly quotas, in milliseconds; windows are aligned to multiples of it.
pub const HOUR_MS: i64 = 3_600_000;
/// When to come back after a count was exceeded, in milliseconds.
const COUNT_RETRY_MS: u64 = 60_000;

/// Limits of an organisation; `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrgLimits {
    /// Sessions with a running or waiting prompt.
    pub concurrent_sessions: Option<u64>,
    /// Waiting prompts.
    pub queued_commands: Option<u64>,
    /// Age of the oldest waiting prompt, in milliseconds.
    pub queue_age_ms: Option<u64>,
    /// Prompts per hour.
    pub prompts_per_hour: Option<u64>,
}

/// A prompt or session that isn't admitted now; all parts go to the client, with status 429.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// The sentence for a person.
    pub message: Cow<'static, str>,
    /// When to try again.
    pub retry_after_ms: u64,
}

impl Refusal {
    const fn new(code: Code, message: &'static str, retry_after_ms: u64) -> Self {
        Self { code, message: Cow::Borrowed(message), retry_after_ms }
    }
}

/// One admitted prompt.
#[derive(Debug, Clone, Copy)]
struct Admitted {
    command: CommandId,
    at: Timestamp,
    is_confirmed: bool,
}

/// What an organisation has at work. The first prompt of a session runs, the others wait.
#[derive(Debug, Clone, Default)]
pub struct OrgLedger {
    limits: OrgLimits,
    sessions: HashMap<SessionId, Vec<Admitted>>,
    /// Of which session each admitted prompt is.
    grants: HashMap<CommandId, SessionId>,
    /// How many of the admitted prompts wait behind another one.
    queued: u64,
    unconfirmed: u64,
    /// No unconfirmed grant expires before this time, in milliseconds.
    sweep_at: i64,
    /// Which hour is counted.
    hour: i64,
    prompts_this_hour: u64,
    /// A grant expired since the last recount: its prompt was not written, or the word of it was lost.
    is_doubtful: bool,
}

impl OrgLedger {
    /// An organisation with nothing at work.
    pub fn new(limits: OrgLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The limits in force.
    pub const fn limits(&self) -> OrgLimits {
        self.limits
    }

    /// New limits. What is admitted stays admitted.
    pub const fn set_limits(&mut self, limits: OrgLimits) {
        self.limits = limits;
    }

    /// Sessions with a running or waiting prompt.
    pub fn busy_sessions(&self) -> u64 {
        count(self.sessions.len())
    }

    /// Prompts that wait behind another one of their session.
    pub const fn queued_commands(&self) -> u64 {
        self.queued
    }

    /// Prompts admitted in the current hour.
    pub const fn prompts_this_hour(&self) -> u64 {
        self.prompts_this_hour
    }

    /// Whether grants expired that nobody spoke for: only the journal knows what became of them.
    pub const fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Asks to run a prompt. The same grant again is the same grant.
    pub fn admit_prompt(&mut self, now: Timestamp, grant: CommandId, session: SessionId) -> Result<(), Refusal> {
        self.pass_time(now);
        if self.grants.contains_key(&grant) {
            return Ok(());
        }
        if self.sessions.contains_key(&session) {
            self.check_queue(now)?;
        } else {
            self.check_sessions()?;
        }
        self.check_hour(now)?;
        self.insert(session, Admitted { command: grant, at: now, is_confirmed: false });
        if self.unconfirmed == 0 {
            self.sweep_at = now.as_millis() + GRANT_LIFETIME_MS;
        }
        self.unconfirmed += 1;
        self.prompts_this_hour += 1;
        Ok(())
    }

    /// Asks to create a session. An idle session counts for nothing, so this holds nothing; it
    /// refuses while as many sessions as may be are at work.
    pub fn admit_session(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.pass_time(now);
        self.check_sessions()
    }

    /// The prompt is in the journal. A grant that expired meanwhile counts again.
    pub fn confirm(&mut self, now: Timestamp, grant: CommandId, session: SessionId) {
        let Some(admitted_for) = self.grants.get(&grant) else {
            self.pass_time(now);
            self.insert(session, Admitted { command: grant, at: now, is_confirmed: true });
            self.prompts_this_hour += 1;
            return;
        };
        let found = self.sessions.get_mut(admitted_for).and_then(|prompts| prompts.iter_mut().find(|prompt| prompt.command == grant));
        if let Some(prompt) = found.filter(|prompt| !prompt.is_confirmed) {
            prompt.is_confirmed = true;
            self.unconfirmed -= 1;
        }
    }

    /// The prompt was not written: everything it took is given back. What is confirmed stays.
    pub fn cancel(&mut self, grant: CommandId) {
        let is_confirmed = |prompt: &Admitted| prompt.command == grant && prompt.is_confirmed;
        let Some(session) = self.grants.get(&grant).copied() else { return };
        if self.sessions.get(&session).is_some_and(|prompts| prompts.iter().any(is_confirmed)) {
            return;
        }
        if let Some(prompt) = self.remove(grant) {
            self.give_back(prompt);
        }
    }

    /// The prompt ended; it no longer occupies anything, but it was one of its hour.
    pub fn finished(&mut self, _session: SessionId, command: CommandId) {
        if self.remove(command).is_some_and(|prompt| !prompt.is_confirmed) {
            self.unconfirmed -= 1;
        }
    }

    /// Starts over from what the journal holds: unfinished prompts by session, oldest first, and the
    /// prompts of the current hour. Grants that still wait for their confirmation stay.
    pub fn recount(
        &mut self,
        now: Timestamp,
        busy: impl IntoIterator<Item = (SessionId, Vec<(CommandId, Timestamp)>)>,
        prompts_this_hour: u64,
    ) {
        self.pass_time(now);
        let former =
            std::mem::replace(self, Self { hour: hour_of(now), prompts_this_hour, sweep_at: self.sweep_at, ..Self::new(self.limits) });
        for (session, prompts) in busy {
            for (command, at) in prompts {
                if !self.grants.contains_key(&command) {
                    self.insert(session, Admitted { command, at, is_confirmed: true });
                }
            }
        }
        for (session, prompts) in former.sessions {
            for prompt in prompts {
                if !prompt.is_confirmed && !self.grants.contains_key(&prompt.command) {
                    self.insert(session, prompt);
                    self.unconfirmed += 1;
                    self.prompts_this_hour += u64::from(hour_of(prompt.at) == self.hour);
                }
            }
        }
    }

    fn check_sessions(&self) -> Result<(), Refusal> {
        if is_reached(self.limits.concurrent_sessions, self.busy_sessions()) {
            return Err(Refusal::new(Code::ConcurrentSessionsExceeded, "Concurrent cloud session quota exceeded.", COUNT_RETRY_MS));
        }
        Ok(())
    }

    fn check_queue(&self, now: Timestamp) -> Result<(), Refusal> {
        if is_reached(self.limits.queued_commands, self.queued) {
            return Err(Refusal::new(Code::QueuedCommandsExceeded, "Cloud command queue is full.", COUNT_RETRY_MS));
        }
        let Some(oldest_allowed) = self.limits.queue_age_ms else { return Ok(()) };
        let oldest = self.sessions.values().flat_map(|prompts| prompts.iter().skip(1)).map(|prompt| prompt.at).min();
        let age = oldest.map_or(0, |oldest| u64::try_from(now.as_millis() - oldest.as_millis()).unwrap_or(0));
        if age > oldest_allowed {
            let message = "Cloud command queue is too old to accept more work.";
            return Err(Refusal::new(Code::QueueAgeExceeded, message, COUNT_RETRY_MS));
        }
        Ok(())
    }

    fn check_hour(&self, now: Timestamp) -> Result<(), Refusal> {
        if is_reached(self.limits.prompts_per_hour, self.prompts_this_hour) {
            let rest = HOUR_MS - now.as_millis().rem_euclid(HOUR_MS);
            let rest = u64::try_from(rest).unwrap_or(COUNT_RETRY_MS);
            return Err(Refusal::new(Code::PromptsPerHourExceeded, "Cloud prompt quota exceeded.", rest));
        }
        Ok(())
    }

    /// A new hour starts from zero, and old unconfirmed grants are given back.
    fn pass_time(&mut self, now: Timestamp) {
        if self.hour != hour_of(now) {
            self.hour = hour_of(now);
            self.prompts_this_hour = 0;
        }
        if self.unconfirmed == 0 || now.as_millis() <= self.sweep_at {
            return;
        }
        let waiting = || self.sessions.values().flatten().filter(|prompt| !prompt.is_confirmed);
        let is_expired = |prompt: &&Admitted| now.as_millis() - prompt.at.as_millis() > GRANT_LIFETIME_MS;
        let expired: Vec<_> = waiting().filter(is_expired).map(|prompt| prompt.command).collect();
        let oldest_left = waiting().filter(|prompt| !is_expired(prompt)).map(|prompt| prompt.at.as_millis()).min();
        self.sweep_at = oldest_left.unwrap_or(now.as_millis()) + GRANT_LIFETIME_MS;
        self.is_doubtful |= !expired.is_empty();
        for grant in expired {
            if let Some(prompt) = self.remove(grant) {
                self.give_back(prompt);
            }
        }
    }

    fn give_back(&mut self, prompt: Admitted) {
        self.unconfirmed -= 1;
        if hour_of(prompt.at) == self.hour {
            self.prompts_this_hour = self.prompts_this_hour.saturating_sub(1);
        }
    }

    fn insert(&mut self, session: SessionId, prompt: Admitted) {
        let prompts = self.sessions.entry(session).or_default();
        self.queued += u64::from(!prompts.is_empty());
        self.grants.insert(prompt.command, session);
        prompts.push(prompt);
    }

    fn remove(&mut self, command: CommandId) -> Option<Admitted> {
        let session = self.grants.remove(&command)?;
        let prompts = self.sessions.get_mut(&session)?;
        let place = prompts.iter().position(|prompt| prompt.command == command)?;
        let prompt = prompts.remove(place);
        if prompts.is_empty() {
            self.sessions.remove(&session);
        } else {
            self.queued -= 1;
        }
        Some(prompt)
    }
}

const fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR_MS)
}

fn is_reached(limit: Option<u64>, used: u64) -> bool {
    limit.is_some_and(|limit| used >= limit)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
