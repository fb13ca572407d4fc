//! What this node knows of revocations (architecture §7): the number of the last one that it has seen, those of the last
//! moments, and when it last looked.

use super::Badge;
use cowork_store::Revocation;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// A node that hasn't looked for this long doesn't know whom it still may serve.
const STALE: Duration = Duration::from_secs(3);

/// A request is authorised and has its stream registered well within the time in which so many are revoked.
const REMEMBERED: usize = 4096;

/// Shared by whoever looks for revocations and whoever must heed them.
#[derive(Debug)]
pub struct Revocations {
    last_seen: AtomicI64,
    recent: Mutex<VecDeque<(i64, Revocation)>>,
    epoch: Instant,
    /// When the database last answered, in milliseconds after `epoch`.
    looked_at: AtomicU64,
    /// Streams that wait until there was a look again.
    parked: Mutex<Vec<Waker>>,
}

impl Revocations {
    /// Knows nothing yet.
    pub fn new(now: Instant) -> Self {
        Self { last_seen: AtomicI64::new(0), recent: Mutex::default(), epoch: now, looked_at: AtomicU64::new(0), parked: Mutex::default() }
    }

    /// The number of the last revocation that this node has heeded.
    pub fn last_seen(&self) -> i64 {
        self.last_seen.load(Ordering::Acquire)
    }

    /// Whether something that was taken back after `known` concerns a badge. What is too long ago to be remembered counts as
    /// concerning everybody.
    pub fn ends(&self, badge: &Badge, known: i64) -> bool {
        if self.last_seen() <= known {
            return false;
        }
        let recent = self.recent.lock();
        let forgets_some = recent.front().is_none_or(|(oldest, _)| *oldest > known + 1);
        forgets_some || recent.iter().rev().take_while(|(number, _)| *number > known).any(|(_, revocation)| badge.is_ended_by(revocation))
    }

    /// Starts from here: no stream is older.
    pub fn begin_at(&self, number: i64) {
        self.last_seen.store(number, Ordering::Release);
    }

    /// Remembers one before it is heeded, so that no stream slips in between.
    pub fn remember(&self, number: i64, revocation: Revocation) {
        let mut recent = self.recent.lock();
        if recent.len() >= REMEMBERED {
            recent.pop_front();
        }
        recent.push_back((number, revocation));
        self.last_seen.store(number, Ordering::Release);
    }

    /// The database answered a question that was asked at this time.
    pub fn note_look(&self, asked: Instant) {
        self.looked_at.store(self.millis(asked), Ordering::Release);
        for waker in std::mem::take(&mut *self.parked.lock()) {
            waker.wake();
        }
    }

    /// Ready while this node knows whom it may serve. Otherwise the task is woken at the next look.
    pub fn poll_fresh(&self, context: &mut Context<'_>, now: Instant) -> Poll<()> {
        if !self.is_stale(now) {
            return Poll::Ready(());
        }
        self.parked.lock().push(context.waker().clone());
        // There may have been a look in between.
        if self.is_stale(now) { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Whether the last look is too long ago to go on.
    pub fn is_stale(&self, now: Instant) -> bool {
        let age = self.millis(now).saturating_sub(self.looked_at.load(Ordering::Acquire));
        u128::from(age) > STALE.as_millis()
    }

    fn millis(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.epoch).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Member, Proof, tests::member};
    use cowork_domain::ids::{OrgId, TokenId, UserId};
    use cowork_store::Revoked;

    fn badge(token: &str) -> Badge {
        Member { proof: Proof::Token(TokenId::new(token)), ..member("acme", "kim") }.badge()
    }

    fn revoked(org: &str, what: Revoked) -> Revocation {
        Revocation { org: OrgId::new(org), what }
    }

    #[test]
    fn only_what_came_later_and_concerns_the_badge_ends_it() {
        let revocations = Revocations::new(Instant::now());
        revocations.begin_at(10);
        let badge = badge("tok_a");
        assert!(!revocations.ends(&badge, 10));
        revocations.remember(11, revoked("acme", Revoked::Token(TokenId::new("tok_b"))));
        revocations.remember(12, revoked("other", Revoked::Org));
        assert!(!revocations.ends(&badge, 10));
        revocations.remember(13, revoked("acme", Revoked::Account(UserId::new("kim"))));
        assert!(revocations.ends(&badge, 10));
        assert!(revocations.ends(&badge, 12));
        assert!(!revocations.ends(&badge, 13), "it was looked up after that");
        assert!(revocations.ends(&badge, 5), "what lies between 5 and 11 is not remembered");
    }
}
