//! Asks the database about credentials, for many requests at once.
//!
//! Every request gets an answer that was read after it came in: there is no cache that a revocation would have to reach
//! (invariant I7). A request alone asks at once; those that come while the questions before them are on their way wait and
//! go together.

use cowork_store::{Key, Standing, Store, StoreError};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, sleep},
};

/// Statements on their way at the same time. Most of what one costs is the same for one key and for ten, so those that come
/// meanwhile are better off together.
const AT_ONCE: usize = 1;
/// Questions in one statement.
const MOST: usize = 256;

/// How long a question is asked again while the database can't be reached: after its restart every connection of the pool
/// breaks once, which is nothing that a caller should hear of.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// The questions that wait.
pub(super) struct Lookups {
    waiting: Mutex<Vec<Waiting>>,
    turns: Semaphore,
}

struct Waiting {
    key: Key,
    answer: oneshot::Sender<Result<Standing, StoreError>>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Lookups {
    /// What is stored about a key.
    pub(super) async fn ask(&self, store: &Store, key: Key) -> Result<Standing, StoreError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting.lock().push(Waiting { key: key.clone(), answer });
            let turn = tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return answer,
                    // Whoever asked for us went away in the middle.
                    Err(_) => continue,
                },
                turn = self.turns.acquire() => turn.expect("it is never closed"),
            };
            // Ours may have been taken along by somebody else in the meantime; then this asks for those behind.
            self.ask_for_all(store).await;
            drop(turn);
            if let Ok(answer) = answered.await {
                return answer;
            }
        }
    }

    async fn ask_for_all(&self, store: &Store) {
        let batch: Vec<Waiting> = {
            let mut waiting = self.waiting.lock();
            let count = waiting.len().min(MOST);
            waiting.drain(..count).collect()
        };
        let (keys, answers): (Vec<Key>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.key, waiting.answer)).unzip();
        if keys.is_empty() {
            return;
        }
        match patiently(store, &keys).await {
            Ok(found) => {
                for (answer, standing) in answers.into_iter().zip(found) {
                    // Who doesn't wait any more needs no answer.
                    answer.send(Ok(standing)).ok();
                }
            }
            Err(error) => {
                for answer in answers {
                    answer.send(Err(error.clone())).ok();
                }
            }
        }
    }
}

async fn patiently(store: &Store, keys: &[Key]) -> Result<Vec<Standing>, StoreError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match store.look_up(keys).await {
            Err(error) if error.is_transient() && Instant::now() < deadline => sleep(PAUSE).await,
            found => return found,
        }
    }
}
