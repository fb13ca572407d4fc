//! The first moment at which reading a log from the database is worth while.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::sync::Notify;

/// How long a log's first reader waits for other nodes to confirm that they will tell what they
/// commit. Reading earlier is right as well, but has to be done again afterwards.
const PATIENCE: Duration = Duration::from_millis(150);

/// Whether what is committed from now on will be shown here. Starts with "no"; never goes back.
#[derive(Debug, Default)]
pub(super) struct Settled {
    is_settled: AtomicBool,
    news: Notify,
}

impl Settled {
    pub(super) fn settle(&self) {
        self.is_settled.store(true, Ordering::Release);
        self.news.notify_waiters();
    }

    /// Waits until it is settled, or long enough. Nobody waits after that.
    pub(super) async fn wait(&self) {
        let news = self.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        if self.is_settled.load(Ordering::Acquire) {
            return;
        }
        tokio::time::timeout(PATIENCE, news).await.ok();
        self.settle();
    }
}
