//! How open streams end when a server stops: one after another.
//!
//! Each client resumes by cursor at another node at once, and to open a stream costs that node some milliseconds of work. If all
//! came in one moment, each would wait for all others and see nothing meanwhile.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Between two ends, as long as there are few streams.
const APART: Duration = Duration::from_millis(5);
/// Between the first end and the last, however many there are.
const LONGEST: Duration = Duration::from_secs(5);

/// Says when each stream ends.
pub(super) struct Departures {
    closing: CancellationToken,
    pace: OnceLock<Pace>,
    gone: AtomicU32,
}

/// How far two ends lie apart, and how long all of them take.
#[derive(Clone, Copy, Default)]
struct Pace {
    apart: Duration,
    takes: Duration,
}

impl Departures {
    /// They begin when `closing` is cancelled.
    pub(super) fn new(closing: CancellationToken) -> Self {
        Self { closing, pace: OnceLock::new(), gone: AtomicU32::new(0) }
    }

    /// Lets so many streams end; says how long that takes. Where clients have nowhere else to go, they all end now.
    pub(super) fn begin(&self, streams: usize, has_other_door: bool) -> Duration {
        let streams = u32::try_from(streams).unwrap_or(u32::MAX);
        let apart = if has_other_door { APART.min(LONGEST / streams.max(1)) } else { Duration::ZERO };
        let pace = *self.pace.get_or_init(|| Pace { apart, takes: apart * streams });
        self.closing.cancel();
        pace.takes
    }

    /// Resolves when it is this stream's turn to end. Each asks once.
    pub(super) async fn turn(&self) {
        self.closing.cancelled().await;
        tokio::time::sleep(self.take_place()).await;
    }

    /// Resolves when each stream has had its turn.
    pub(super) async fn over(&self) {
        self.closing.cancelled().await;
        tokio::time::sleep(self.pace().takes).await;
    }

    /// How long after the begin the next stream ends.
    fn take_place(&self) -> Duration {
        let before = self.gone.fetch_add(1, Ordering::Relaxed);
        (self.pace().apart * before).min(LONGEST)
    }

    fn pace(&self) -> Pace {
        self.pace.get().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long all take, and when each of so many streams ends.
    fn ends(streams: usize, has_other_door: bool) -> (Duration, Vec<Duration>) {
        let departures = Departures::new(CancellationToken::new());
        let takes = departures.begin(streams, has_other_door);
        (takes, (0..streams).map(|_| departures.take_place()).collect())
    }

    #[test]
    fn streams_end_one_after_another_if_there_is_somewhere_to_go() {
        assert_eq!(ends(3, true), (APART * 3, vec![Duration::ZERO, APART, APART * 2]));
        assert_eq!(ends(3, false), (Duration::ZERO, vec![Duration::ZERO; 3]));
        let (takes, many) = ends(20_000, true);
        assert_eq!((takes, many[10_000], many[19_999]), (LONGEST, LONGEST / 2, LONGEST / 20_000 * 19_999));
    }
}
