//! A message that remembers when it was sent, so that a mailbox's age can be seen.

use super::KindStats;
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Mail<T> {
    sent: Instant,
    body: T,
}

impl<T: Send + 'static> ractor::Message for Mail<T> {}

impl<T> Mail<T> {
    pub(crate) fn new(body: T) -> Self {
        Self { sent: Instant::now(), body }
    }

    /// Opens the message and notes how long it waited.
    pub(crate) fn open(self, stats: &KindStats) -> T {
        stats.waited(self.sent.elapsed());
        self.body
    }
}
