//! So many requests per window and address, organisation and token.

use super::{AddressBlock, Limited, MOST_SCOPES, PATIENCE, SWEEP, permits::Permits};
use cowork_actors::Clock;
use cowork_domain::{ids::OrgId, limits::RateLimit};
use cowork_store::{Store, StoreError};
use metrics::{Counter, counter};
use parking_lot::Mutex;
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// After the database failed to answer, nobody waits for it for so long.
const REST: Duration = Duration::from_secs(1);

/// Questions to the database at a time. A flood from many addresses must not take all of its connections away from those who
/// are let in.
const QUESTIONS_AT_ONCE: usize = 4;

/// Whose requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RateScope<'a> {
    /// A client's address.
    Address(AddressBlock),
    /// An organisation.
    Org(&'a OrgId),
    /// An API token, by its id.
    Token(&'a str),
    /// The cursors of an API token, by its id, or of whoever shows none, by their organisation.
    Cursors(&'a str),
    /// Webhooks of an address.
    Webhooks(AddressBlock),
}

impl RateScope<'_> {
    const fn label(&self) -> &'static str {
        match self {
            Self::Address(_) => "ip",
            Self::Org(_) => "org",
            Self::Token(_) => "token",
            Self::Cursors(_) => "cursors",
            Self::Webhooks(_) => "webhooks",
        }
    }
}

/// The name within its kind, as the database knows it.
impl fmt::Display for RateScope<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) | Self::Webhooks(address) => address.fmt(formatter),
            Self::Org(org) => fmt::Display::fmt(org, formatter),
            Self::Token(name) | Self::Cursors(name) => formatter.write_str(name),
        }
    }
}

/// Admits requests while their window has permits. The sum over all nodes never exceeds the limit; a node that leased a block
/// and doesn't spend it takes at most that block away from the others.
pub(crate) struct RateLimits {
    shared: Arc<Shared>,
    /// Questions go on when their request is dropped: what the database granted must not be lost.
    questions: TaskTracker,
    _forgetting: AbortOnDropHandle<()>,
}

struct Shared {
    limit: RateLimit,
    store: Store,
    permits: Permits,
    at_once: Semaphore,
    /// Of scopes, with keys that nobody outside knows. Two of them, because with 128 bits no two scopes ever meet.
    hashers: [RandomState; 2],
    /// Until when the database is left alone.
    resting: Mutex<Option<Instant>>,
    refused: [Counter; 5],
    unanswered: Counter,
}

impl RateLimits {
    /// Starts to count; must be called within a runtime.
    pub(crate) fn start(limit: RateLimit, store: Store) -> Self {
        let refused = ["ip", "org", "token", "cursors", "webhooks"].map(|scope| counter!("cowork_rate_limited_total", "scope" => scope));
        let shared = Arc::new(Shared {
            limit,
            store,
            permits: Permits::new(MOST_SCOPES),
            at_once: Semaphore::new(QUESTIONS_AT_ONCE),
            hashers: [RandomState::new(), RandomState::new()],
            resting: Mutex::default(),
            refused,
            unanswered: counter!("cowork_rate_limit_unanswered_total"),
        });
        let forgetting = AbortOnDropHandle::new(tokio::spawn(forget(shared.clone())));
        Self { shared, questions: TaskTracker::new(), _forgetting: forgetting }
    }

    /// Counts a request, unless its window is used up. Waits for the database only when a block of permits is; where that
    /// doesn't answer, the request is admitted.
    pub(crate) async fn admit(&self, scope: RateScope<'_>, now: Instant) -> Result<(), Limited> {
        let verdict = match self.try_admit(scope, now) {
            Some(verdict) => verdict,
            None => self.ask(scope).await,
        };
        if verdict.is_err() {
            self.shared.refusals(scope).increment(1);
        }
        verdict
    }

    /// The fast path: neither waits nor allocates. Nothing means that it takes a question to the database.
    pub(crate) fn try_admit(&self, scope: RateScope<'_>, now: Instant) -> Option<Result<(), Limited>> {
        self.shared.permits.spend(self.shared.key(scope), now)
    }

    async fn ask(&self, scope: RateScope<'_>) -> Result<(), Limited> {
        let shared = &self.shared;
        let key = shared.key(scope);
        let turn = shared.permits.turn(key).lock_owned().await;
        let now = Clock.instant();
        // Whoever had the turn before may have brought enough for all.
        if let Some(verdict) = shared.permits.spend(key, now) {
            return verdict;
        }
        if shared.is_resting(now) {
            return Ok(());
        }
        let (of_question, label, name) = (shared.clone(), scope.label(), scope.to_string());
        let question = self.questions.spawn(async move {
            let _turn = turn;
            of_question.lease(key, label, &name).await
        });
        // A question that ended otherwise than by its answer is one that the database didn't answer.
        question.await.unwrap_or(Ok(()))
    }
}

impl Shared {
    /// A hash instead of the scope itself: looking up needs no owned strings.
    fn key(&self, scope: RateScope<'_>) -> u128 {
        let [high, low] = [&self.hashers[0], &self.hashers[1]].map(|hasher| u128::from(hasher.hash_one(scope)));
        high << 64 | low
    }

    async fn lease(&self, key: u128, label: &str, name: &str) -> Result<(), Limited> {
        let RateLimit { window, max_requests } = self.limit;
        let question = async {
            let _permit = self.at_once.acquire().await.expect("the semaphore is never closed");
            let asked = Clock.instant();
            let wanted = self.permits.wanted(key, self.limit, asked);
            let lease = self.store.lease_permits(label, name, window, max_requests, wanted).await?;
            Ok((lease, asked))
        };
        let answer = timeout(PATIENCE, question).await;
        match answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".to_owned()))) {
            Ok((lease, asked)) => self.permits.take(key, lease, asked, Clock.instant()),
            Err(error) => {
                self.rest(&error);
                Ok(())
            }
        }
    }

    /// The limit protects what is behind it, and without the database nothing behind it does anything.
    fn rest(&self, error: &StoreError) {
        self.unanswered.increment(1);
        tracing::warn!(%error, "requests are not counted for a moment");
        *self.resting.lock() = Some(Clock.instant() + REST);
    }

    fn is_resting(&self, now: Instant) -> bool {
        self.resting.lock().is_some_and(|until| until > now)
    }

    fn refusals(&self, scope: RateScope<'_>) -> &Counter {
        match scope {
            RateScope::Address(_) => &self.refused[0],
            RateScope::Org(_) => &self.refused[1],
            RateScope::Token(_) => &self.refused[2],
            RateScope::Cursors(_) => &self.refused[3],
            RateScope::Webhooks(_) => &self.refused[4],
        }
    }
}

/// Gives back the memory of windows that ended.
async fn forget(shared: Arc<Shared>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.permits.sweep(Clock.instant());
    }
}

#[cfg(test)]
mod tests;
