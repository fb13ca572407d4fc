//! The permits that this node has leased and not spent yet.

use super::{Limited, scope_map::ScopeMap};
use cowork_domain::limits::RateLimit;
use cowork_store::PermitLease;
use std::{sync::Arc, time::Instant};
use tokio::sync::Mutex;

/// Windows of scopes, by the scope's hash.
pub(super) struct Permits {
    windows: ScopeMap<u128, Window>,
}

struct Window {
    state: State,
    /// Held while somebody asks the database, so that a burst asks once.
    asking: Arc<Mutex<()>>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing is known of the current window.
    Unknown,
    /// Permits to spend, and how many were left for everybody when they were leased.
    Open { permits: u64, left: u64, ends: Instant },
    /// The window was used up, and nobody has to be asked until it ends.
    Refused { ends: Instant },
}

impl Permits {
    pub(super) fn new(most_scopes: usize) -> Self {
        Self { windows: ScopeMap::new(most_scopes) }
    }

    /// Spends a permit, or says that there is none in this window. Nothing means that the database has to be asked.
    pub(super) fn spend(&self, scope: u128, now: Instant) -> Option<Result<(), Limited>> {
        self.windows
            .with_known(scope, |window| match &mut window.state {
                State::Open { permits, ends, .. } if *ends > now && *permits > 0 => {
                    *permits -= 1;
                    Some(Ok(()))
                }
                State::Refused { ends } if *ends > now => Some(Err(Limited::until(*ends - now))),
                State::Open { .. } | State::Refused { .. } | State::Unknown => None,
            })
            .flatten()
    }

    /// What whoever asks the database holds meanwhile.
    pub(super) fn turn(&self, scope: u128) -> Arc<Mutex<()>> {
        self.windows.with(scope, Window::unknown, |window| window.asking.clone())
    }

    /// How many permits to ask for.
    pub(super) fn wanted(&self, scope: u128, limit: RateLimit, now: Instant) -> u64 {
        let left = self.windows.with_known(scope, |window| match window.state {
            State::Open { left, ends, .. } if ends > now => Some(left),
            _ => None,
        });
        limit.block(left.flatten().unwrap_or(limit.max_requests))
    }

    /// Takes in what the database said; the first permit of it is for the one who asked.
    pub(super) fn take(&self, scope: u128, lease: PermitLease, asked: Instant, answered: Instant) -> Result<(), Limited> {
        // The window ended by the database's clock at some moment after we asked plus the rest, and before we had the answer
        // plus the rest. Permits are spent until the first and refusals last until the second, so that nobody's permit is
        // spent in the next window, and who comes back when told to isn't refused again.
        let (state, verdict) = match lease.granted.checked_sub(1) {
            Some(permits) => (State::Open { permits, left: lease.left, ends: asked + lease.rest }, Ok(())),
            None => (State::Refused { ends: answered + lease.rest }, Err(Limited::until(lease.rest))),
        };
        self.windows.with(scope, Window::unknown, |window| window.state = state);
        verdict
    }

    /// Forgets windows that ended.
    pub(super) fn sweep(&self, now: Instant) {
        self.windows.sweep(|window| match window.state {
            // An entry without a window that nobody waits for is one whose question was never answered.
            State::Unknown => Arc::strong_count(&window.asking) == 1,
            State::Open { ends, .. } | State::Refused { ends } => ends <= now,
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }
}

impl Window {
    fn unknown() -> Self {
        Self { state: State::Unknown, asking: Arc::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIMIT: RateLimit = RateLimit { window: Duration::from_secs(60), max_requests: 100 };

    fn lease(granted: u64, left: u64, rest: u64) -> PermitLease {
        PermitLease { granted, left, rest: Duration::from_secs(rest) }
    }

    #[test]
    fn a_lease_is_spent_once_and_not_beyond_its_window() {
        let (permits, start) = (Permits::new(10), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(permits.spend(7, start), None);
        assert_eq!(permits.wanted(7, LIMIT, start), 5);
        assert_eq!(permits.take(7, lease(3, 4, 30), start, at(1)), Ok(()));
        assert_eq!([permits.spend(7, at(1)), permits.spend(7, at(29))], [Some(Ok(())); 2]);
        assert_eq!(permits.spend(7, at(29)), None, "three were leased, and the first was the asker's");
        assert_eq!(permits.wanted(7, LIMIT, at(29)), 2, "blocks shrink near the limit");
        assert_eq!(permits.take(7, lease(2, 0, 1), at(29), at(29)), Ok(()));
        assert_eq!(permits.spend(7, at(30)), None, "the window ended with a permit unspent");
        assert_eq!(permits.wanted(7, LIMIT, at(30)), 5, "and nothing is known of the next one");
    }

    #[test]
    fn a_refused_window_stays_refused_until_it_ends() {
        let (permits, start) = (Permits::new(10), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let refused = |seconds| Err(Limited { retry_after: Duration::from_secs(seconds) });
        assert_eq!(permits.take(7, lease(0, 0, 10), start, at(1)), refused(10));
        assert_eq!(permits.spend(7, at(5)), Some(refused(6)), "who comes back when told to isn't refused again");
        assert_eq!(permits.spend(7, at(11)), None);
        assert_eq!(permits.spend(8, at(5)), None, "another scope is another matter");
        assert_eq!(permits.take(7, lease(0, 0, 0), start, start), Err(Limited { retry_after: Duration::from_millis(1) }));
    }

    #[test]
    fn what_is_over_is_forgotten_unless_somebody_waits() {
        let (permits, start) = (Permits::new(10), Instant::now());
        permits.take(1, lease(5, 9, 10), start, start).ok();
        permits.take(2, lease(0, 0, 90), start, start).ok();
        let waiting = permits.turn(3);
        permits.turn(4);
        permits.sweep(start + Duration::from_secs(60));
        assert_eq!(permits.len(), 2);
        drop(waiting);
        permits.sweep(start + Duration::from_secs(90));
        assert_eq!(permits.len(), 0);
    }
}
