//! Something of the provider that is remembered for a while.
//!
//! Three promises. However many requests want it at once, one of them fetches it. While the provider is away an old copy serves on,
//! for a bounded time, and nobody waits for each request to find out again. And strangers can't make us fetch: what they can
//! provoke happens at most once per [`PAUSE`].

use super::fetch::FetchError;
use cowork_domain::timestamp::Timestamp;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// An old copy serves for this long, if the provider is away.
const LONGEST: Duration = Duration::from_hours(1);

/// Between two attempts that are not due: after a failure, or for a key that nobody knows.
const PAUSE: Duration = Duration::from_secs(10);

/// After a failure without an old copy, when nobody can sign in and every moment counts.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// A remembered value.
pub(super) struct Cached<T> {
    fresh: Duration,
    known: Mutex<Known<T>>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
}

struct Known<T> {
    copy: Option<Remembered<T>>,
    failure: Option<(Timestamp, FetchError)>,
    hurried: Option<Timestamp>,
}

struct Remembered<T> {
    value: Arc<T>,
    at: Timestamp,
}

/// What there is without asking anybody.
enum Glance<T> {
    /// This will do.
    Enough(Arc<T>),
    /// This will do unless there is something newer.
    Old(Arc<T>),
    /// There is nothing, and it was tried a moment ago.
    Failed(FetchError),
    Nothing,
}

impl<T> Cached<T> {
    /// Remembers for this long.
    pub(super) const fn new(fresh: Duration) -> Self {
        let known = Known { copy: None, failure: None, hurried: None };
        Self { fresh, known: Mutex::new(known), fetching: tokio::sync::Mutex::const_new(()) }
    }

    /// The value, fetched if it is due.
    pub(super) async fn get<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F) -> Result<Arc<T>, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let _fetching = match self.glance(now) {
            Glance::Enough(value) => return Ok(value),
            Glance::Failed(error) => return Err(error),
            // Somebody is at it; what was right a moment ago will do until they are done.
            Glance::Old(value) => match self.fetching.try_lock() {
                Ok(fetching) => fetching,
                Err(_) => return Ok(value),
            },
            Glance::Nothing => self.fetching.lock().await,
        };
        // Whoever was at it meanwhile has the answer, good or bad.
        match self.glance(now) {
            Glance::Enough(value) => return Ok(value),
            Glance::Failed(error) => return Err(error),
            Glance::Old(_) | Glance::Nothing => {}
        }
        match self.fetch(now, fetch).await {
            Ok(value) => Ok(value),
            Err(error) => match self.glance(now) {
                Glance::Enough(value) | Glance::Old(value) => Ok(value),
                Glance::Failed(_) | Glance::Nothing => Err(error),
            },
        }
    }

    /// Something newer than a value that turned out to lack what was looked for; `None` if there is nothing newer, or it is too
    /// early to ask again.
    pub(super) async fn newer<F>(&self, than: &Arc<T>, now: Timestamp, fetch: impl FnOnce() -> F) -> Option<Arc<T>>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let _fetching = self.fetching.lock().await;
        {
            let mut known = self.known.lock();
            if let Some(copy) = &known.copy
                && !Arc::ptr_eq(&copy.value, than)
            {
                return Some(copy.value.clone());
            }
            if known.hurried.is_some_and(|at| age(at, now) < PAUSE) {
                return None;
            }
            known.hurried = Some(now);
        }
        self.fetch(now, fetch).await.ok()
    }

    async fn fetch<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F) -> Result<Arc<T>, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let fetched = fetch().await;
        let mut known = self.known.lock();
        match fetched {
            Ok(value) => {
                let value = Arc::new(value);
                known.copy = Some(Remembered { value: value.clone(), at: now });
                known.failure = None;
                Ok(value)
            }
            Err(error) => {
                tracing::warn!(%error, has_old_copy = known.copy.is_some(), "the OpenID provider could not be asked");
                known.failure = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    fn glance(&self, now: Timestamp) -> Glance<T> {
        let known = self.known.lock();
        let failed = |pause| known.failure.as_ref().filter(|(at, _)| age(*at, now) < pause);
        match &known.copy {
            Some(copy) if age(copy.at, now) < self.fresh => Glance::Enough(copy.value.clone()),
            Some(copy) if age(copy.at, now) < LONGEST => match failed(PAUSE) {
                Some(_) => Glance::Enough(copy.value.clone()),
                None => Glance::Old(copy.value.clone()),
            },
            _ => failed(SHORT_PAUSE).map_or(Glance::Nothing, |(_, error)| Glance::Failed(error.clone())),
        }
    }
}

/// A clock that was set back makes things older, not younger: they are fetched again instead of being believed for too long.
fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(now.as_millis().abs_diff(at.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const FRESH: Duration = Duration::from_mins(5);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000_000).plus_millis(seconds * 1000)
    }

    /// A provider that counts.
    #[derive(Default)]
    struct Source {
        asked: AtomicU32,
        is_away: std::sync::atomic::AtomicBool,
    }

    impl Source {
        async fn answer(&self) -> Result<u32, FetchError> {
            tokio::task::yield_now().await;
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if self.is_away.load(Ordering::SeqCst) { Err(FetchError::TooSlow) } else { Ok(number) }
        }

        fn leave(&self) {
            self.is_away.store(true, Ordering::SeqCst);
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::SeqCst)
        }
    }

    async fn get(cached: &Cached<u32>, source: &Source, seconds: i64) -> Option<u32> {
        cached.get(at(seconds), || source.answer()).await.ok().map(|value| *value)
    }

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_question() {
        let (cached, source) = (Cached::new(FRESH), Source::default());
        let all = futures_util::future::join_all((0..50).map(|_| get(&cached, &source, 0))).await;
        assert!(all.iter().all(|value| *value == Some(1)), "{all:?}");
        assert_eq!((get(&cached, &source, 299).await, source.asked()), (Some(1), 1), "it is remembered");
        assert_eq!((get(&cached, &source, 300).await, source.asked()), (Some(2), 2), "and fetched again when it is due");
        assert_eq!((get(&cached, &source, -400).await, source.asked()), (Some(3), 3), "also if the clock was set back");
    }

    #[tokio::test]
    async fn an_old_copy_serves_while_the_provider_is_away_but_not_forever() {
        let (cached, source) = (Cached::new(FRESH), Source::default());
        assert_eq!(get(&cached, &source, 0).await, Some(1));
        source.leave();
        for second in 400..420 {
            assert_eq!(get(&cached, &source, second).await, Some(1));
        }
        assert_eq!(source.asked(), 3, "it is tried every ten seconds, not with each request");
        assert_eq!(get(&cached, &source, 3599).await, Some(1));
        assert_eq!(get(&cached, &source, 3601).await, None);
    }

    #[tokio::test]
    async fn those_who_wait_for_a_failing_attempt_share_its_failure() {
        let (cached, source) = (Cached::new(FRESH), Source::default());
        source.leave();
        let all = futures_util::future::join_all((0..50).map(|_| get(&cached, &source, 0))).await;
        assert!(all.iter().all(Option::is_none));
        assert_eq!(source.asked(), 1);
        assert_eq!((get(&cached, &source, 1).await, source.asked()), (None, 2), "a second later it is tried again");
    }

    #[tokio::test]
    async fn nobody_can_make_us_ask_more_than_once_per_pause() {
        let (cached, source) = (Cached::new(FRESH), Source::default());
        let first = cached.get(at(0), || source.answer()).await.expect("it answers");
        let newer = |second| cached.newer(&first, at(second), || source.answer());
        let all = futures_util::future::join_all((0..50).map(|_| newer(1))).await;
        assert!(all.iter().all(|value| value.as_deref() == Some(&2)), "those who wait get what the first one fetched");
        let second = cached.get(at(1), || source.answer()).await.expect("it answers");
        for second_of_time in 2..11 {
            assert_eq!(cached.newer(&second, at(second_of_time), || source.answer()).await, None);
        }
        assert_eq!(source.asked(), 2);
        assert_eq!(cached.newer(&second, at(11), || source.answer()).await.as_deref(), Some(&3));
    }
}
