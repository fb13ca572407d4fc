//! Work on long texts, kept off the threads that serve everybody.
//!
//! Folding or drawing a session takes time that grows with its length. A runtime thread that does it for a long one serves nobody
//! else meanwhile: no other session, no stream, not even the heartbeat. So the work that is large goes to a thread of its own, a few
//! at a time; what is small stays where it is, since the way to another thread and back would take longer.

use std::{future::pending, num::NonZero, panic::resume_unwind, sync::Arc, thread::available_parallelism};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// From so many bytes on. Measured on a machine with two cores that others used as well, in a build for tests: to read so much of a
/// snapshot takes 0.14 ms, and 5 MB take 31 ms; the way to another thread and back takes 0.01 to 0.02 ms, and the thread that asks is
/// held for 0.003 to 0.04 ms. (`cargo test -p cowork-actors --lib -- how_long --ignored --nocapture` measures it.)
const LARGE: usize = 64 * 1024;

/// The threads for large work. Half of the cores: the other half goes on serving.
#[derive(Debug, Clone)]
pub struct HeavyWork {
    at_once: Arc<Semaphore>,
}

impl HeavyWork {
    pub(crate) fn new() -> Self {
        Self { at_once: Arc::new(Semaphore::new(threads())) }
    }

    /// Whether work on so many bytes leaves the thread that asks for it.
    pub const fn is_large(bytes: usize) -> bool {
        bytes >= LARGE
    }

    /// Does work on about so many bytes, here or on another thread, and hands on what it returns or how it panicked. Large work that
    /// nobody waits for any more is done all the same, and counts until then.
    pub async fn run<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
        if !Self::is_large(bytes) {
            return work();
        }
        let permit = self.at_once.clone().acquire_owned().await.expect("the semaphore is never closed");
        let done = spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match done.await {
            Ok(done) => done,
            Err(failure) => match failure.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // Not begun, because the runtime ends; and whoever waits here ends with it.
                Err(_) => pending().await,
            },
        }
    }
}

fn threads() -> usize {
    let cores = available_parallelism().map_or(1, NonZero::get);
    (cores / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::{
        event::{EventBody, MessageMode, SessionEvent},
        ids::{Sequence, SessionId},
        projection::Projection,
        timestamp::Timestamp,
    };
    use futures_util::FutureExt as _;
    use std::{
        panic::AssertUnwindSafe,
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::{Duration, Instant},
    };
    use tokio::{sync::OwnedSemaphorePermit, task::yield_now};

    impl HeavyWork {
        /// Nothing large is done while this is held.
        pub(crate) async fn take_all(&self) -> OwnedSemaphorePermit {
            let all = u32::try_from(threads()).expect("fewer cores than that");
            self.at_once.clone().acquire_many_owned(all).await.expect("the semaphore is never closed")
        }
    }

    /// On one thread: work that waits for another task would wait for ever if it held that thread.
    #[tokio::test]
    async fn other_tasks_go_on_while_large_work_is_done() {
        let (tell, told) = mpsc::channel();
        let heavy = HeavyWork::new();
        let work = heavy.run(LARGE, move || told.recv_timeout(Duration::from_secs(20)));
        let (heard, sent) = tokio::join!(work, async {
            yield_now().await;
            tell.send("hello")
        });
        assert_eq!((heard, sent), (Ok("hello"), Ok(())));
    }

    #[tokio::test]
    async fn only_so_much_large_work_is_done_at_once_and_a_panic_comes_back() {
        let heavy = HeavyWork::new();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let works = (0..threads() * 8).map(|_| {
            let (now, most) = (now.clone(), most.clone());
            heavy.run(LARGE, move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            })
        });
        futures_util::future::join_all(works).await;
        assert!((1..=threads()).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        for bytes in [0, LARGE] {
            let panicked = AssertUnwindSafe(heavy.run(bytes, || panic!("a test asked for it"))).catch_unwind().await;
            let words = panicked.expect_err("it panicked");
            assert_eq!(words.downcast_ref::<&str>(), Some(&"a test asked for it"));
        }
        heavy.run(LARGE, || ()).await;
    }

    /// Prints how long folds of several sizes hold the one runtime thread, done there and done elsewhere.
    #[tokio::test]
    #[ignore = "measures, asserts nothing"]
    async fn how_long_a_fold_holds_a_runtime_thread() {
        let heavy = HeavyWork::new();
        println!("{:>10} {:>12} {:>12} {:>12}", "bytes", "there", "elsewhere", "held then");
        for size in [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 5 << 20] {
            let text = long_projection(size);
            let fold = |text: String| move || serde_json::from_str::<Projection>(&text).expect("a snapshot reads back").messages().len();
            let (mut there, mut elsewhere, mut held) = (Duration::MAX, Duration::MAX, Duration::MAX);
            for _ in 0..20 {
                let here = fold(text.clone());
                let started = Instant::now();
                std::hint::black_box(here());
                there = there.min(started.elapsed());
                let started = Instant::now();
                let mut gap = Duration::ZERO;
                let mut away = std::pin::pin!(heavy.run(usize::MAX, fold(text.clone())));
                loop {
                    let turn = Instant::now();
                    let done = futures_util::poll!(away.as_mut()).is_ready();
                    gap = gap.max(turn.elapsed());
                    if done {
                        break;
                    }
                    yield_now().await;
                }
                elsewhere = elsewhere.min(started.elapsed());
                held = held.min(gap);
            }
            println!("{:>10} {there:>12.1?} {elsewhere:>12.1?} {held:>12.1?}", text.len());
        }
    }

    /// A conversation of messages of two kilobytes.
    fn long_projection(size: usize) -> String {
        let at = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("a time");
        let session: SessionId = "ses_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("a session id");
        let mut projection = Projection::new(session, "full", at);
        for number in 1..=(size / 2048).max(1) as u64 {
            let body = EventBody::AssistantMessage {
                message_id: Some(format!("m{number}")),
                content: "A line of words, and \"quoted\" ones.\n".repeat(50),
                mode: MessageMode::Replace,
                attachments: None,
                imported: false,
            };
            projection.apply(&SessionEvent { sequence: Sequence(number), at, body });
        }
        serde_json::to_string(&projection).expect("a projection always serialises")
    }
}
