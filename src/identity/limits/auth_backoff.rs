//! Who shows bad credentials again and again has to wait, on every node.

use super::{AddressBlock, Limited, MOST_SCOPES, PATIENCE, SWEEP, failures::Failures, scope_map::ScopeMap, write_budget::WriteBudget};
use cowork_actors::Clock;
use cowork_domain::limits::BackoffRule;
use cowork_store::Store;
use metrics::{Counter, counter};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// Rejections that a node tells the database in a second; what is more it counts by itself, so that a flood of bad credentials
/// isn't a flood of writes.
const WRITES_PER_SECOND: u32 = 50;

/// How often a node looks whom the others turn away.
const LOOK: Duration = Duration::from_secs(1);

/// A wait that began shortly before the last look may have been committed after it.
const OVERLAP: Duration = Duration::from_secs(5);

/// The first 16 hex digits of the SHA-256 of an `Authorization` value: enough to tell credentials apart, and to find none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CredentialHash(u64);

impl CredentialHash {
    /// Of the value of the header, scheme included.
    pub(crate) fn of(authorization: &[u8]) -> Self {
        let digest = Sha256::digest(authorization);
        let (first, _) = digest.split_first_chunk().expect("a SHA-256 has more than eight bytes");
        Self(u64::from_be_bytes(*first))
    }
}

/// Who tries to authenticate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// From where.
    pub(crate) address: AddressBlock,
    /// With what, if there is an `Authorization` header.
    pub(crate) credential: Option<CredentialHash>,
}

impl Attempt {
    fn scopes(self) -> impl Iterator<Item = BackoffScope> {
        std::iter::once(BackoffScope::Address(self.address)).chain(self.credential.map(BackoffScope::Credential))
    }
}

/// What rejections are counted by. Written as contract 00 §6 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum BackoffScope {
    Address(AddressBlock),
    Credential(CredentialHash),
}

impl fmt::Display for BackoffScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(formatter, "ip:{address}"),
            Self::Credential(CredentialHash(hash)) => write!(formatter, "auth:{hash:016x}"),
        }
    }
}

/// Text that is no scope.
#[derive(Debug, thiserror::Error)]
#[error("not a scope of rejections")]
struct NotAScope;

impl FromStr for BackoffScope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        match text.split_once(':') {
            Some(("ip", address)) => address.parse().map(Self::Address).map_err(|_| NotAScope),
            Some(("auth", hash)) => u64::from_str_radix(hash, 16).map(|hash| Self::Credential(CredentialHash(hash))).map_err(|_| NotAScope),
            _ => Err(NotAScope),
        }
    }
}

/// Turns callers away whose credentials were rejected too often. Checking asks nobody; a rejection is written to the database
/// once, and its answer tells this node, and within a second the others, who has to wait.
pub(crate) struct AuthBackoff {
    shared: Arc<Shared>,
    /// A rejection is written also when its client is gone before it was answered.
    writes: TaskTracker,
    _looking: AbortOnDropHandle<()>,
}

struct Shared {
    rule: BackoffRule,
    store: Store,
    failures: ScopeMap<BackoffScope, Failures>,
    budget: WriteBudget,
    by_address: Counter,
    by_credential: Counter,
}

impl AuthBackoff {
    /// Starts to count; must be called within a runtime.
    pub(crate) fn start(rule: BackoffRule, store: Store) -> Self {
        let shared = Arc::new(Shared {
            rule,
            store,
            failures: ScopeMap::new(MOST_SCOPES),
            budget: WriteBudget::new(WRITES_PER_SECOND),
            by_address: counter!("cowork_auth_backoff_total", "scope" => "ip"),
            by_credential: counter!("cowork_auth_backoff_total", "scope" => "auth"),
        });
        let looking = AbortOnDropHandle::new(tokio::spawn(look(shared.clone())));
        Self { shared, writes: TaskTracker::new(), _looking: looking }
    }

    /// Whether the caller may try to authenticate.
    pub(crate) fn check(&self, attempt: Attempt, now: Instant) -> Result<(), Limited> {
        let shared = &self.shared;
        for scope in attempt.scopes() {
            if let Some(rest) = shared.failures.with_known(scope, |failures| failures.blocked_for(now)).flatten() {
                match scope {
                    BackoffScope::Address(_) => shared.by_address.increment(1),
                    BackoffScope::Credential(_) => shared.by_credential.increment(1),
                }
                return Err(Limited::until(rest));
            }
        }
        Ok(())
    }

    /// The caller's credentials were rejected. Returns when that is known to the database, or can't be.
    pub(crate) async fn failed(&self, attempt: Attempt, now: Instant) {
        let shared = &self.shared;
        shared.count(attempt, now);
        if shared.budget.take(now) {
            let of_write = shared.clone();
            let write = self.writes.spawn(async move { of_write.write(attempt).await });
            write.await.ok();
        }
    }
}

impl Shared {
    fn count(&self, attempt: Attempt, now: Instant) {
        let rest = self.rule.rest_of_window(Clock.now().as_millis());
        for scope in attempt.scopes() {
            self.failures.with(scope, || Failures::none(now), |failures| failures.add(self.rule, rest, now));
        }
    }

    /// A database that doesn't answer leaves the counts of this node, and the caller gets the answer that it would have got.
    async fn write(&self, attempt: Attempt) {
        let unsent: Vec<(BackoffScope, u64)> = attempt
            .scopes()
            .filter_map(|scope| Some((scope, self.failures.with_known(scope, Failures::take_unsent)?)))
            .filter(|(_, failures)| *failures > 0)
            .collect();
        if unsent.is_empty() {
            return;
        }
        let named: Vec<(String, u64)> = unsent.iter().map(|(scope, failures)| (scope.to_string(), *failures)).collect();
        match timeout(PATIENCE, self.store.add_auth_failures(&named, self.rule)).await {
            Ok(Ok(counted)) => {
                let now = Clock.instant();
                for counted in counted {
                    if let Ok(scope) = counted.scope.parse() {
                        self.failures.with_known(scope, |failures| failures.learn(&counted, now));
                    }
                }
            }
            lost => {
                // It may have been counted all the same: then somebody waits a little early, which is the better mistake.
                for (scope, failures) in unsent {
                    self.failures.with_known(scope, |known| known.keep_unsent(failures));
                }
                if let Ok(Err(error)) = lost {
                    tracing::debug!(%error, "a rejection could not be counted");
                }
            }
        }
    }

    fn take(&self, scope: BackoffScope, rest: Duration, now: Instant) {
        self.failures.with(scope, || Failures::none(now), |failures| failures.block(now + rest));
    }
}

/// Learns whom other nodes turn away.
async fn look(shared: Arc<Shared>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen: Option<Instant> = None;
    let mut swept: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let now = Clock.instant();
        let within = seen.map_or(shared.rule.wait, |seen| now - seen) + OVERLAP;
        match shared.store.recent_auth_blocks(within).await {
            Ok(blocks) => {
                seen = Some(now);
                let learnt = Clock.instant();
                for block in blocks {
                    if let Ok(scope) = block.scope.parse() {
                        shared.take(scope, block.rest, learnt);
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "who has to wait could not be looked up"),
        }
        if swept.is_none_or(|swept| now - swept >= SWEEP) {
            swept = Some(now);
            shared.failures.sweep(|failures| failures.is_over(now));
            if let Err(error) = shared.store.sweep_auth_failures().await {
                tracing::debug!(%error, "old rejections could not be swept");
            }
        }
    }
}

#[cfg(test)]
mod tests;
