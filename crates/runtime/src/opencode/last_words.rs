//! What a process writes to its standard error.

use super::failures;
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    task::JoinHandle,
    time::timeout,
};

/// How many bytes are kept: as many as are quoted.
const KEPT: usize = 300;
/// How long what is under way is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads all that a process writes, so that it never waits for us, and keeps the last of it. The reading ends by itself with the
/// process, however long this is kept.
pub(super) struct LastWords {
    kept: Arc<Mutex<VecDeque<u8>>>,
    reading: JoinHandle<()>,
}

impl LastWords {
    pub(super) fn of(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let kept = Arc::new(Mutex::default());
        let reading = tokio::spawn(read(stream, Arc::clone(&kept)));
        Self { kept, reading }
    }

    /// What is said of a process that has ended.
    pub(super) async fn take(self) -> String {
        // A child of it may hold the stream open for longer.
        let _ = timeout(PATIENCE, self.reading).await;
        let kept: Vec<u8> = std::mem::take(&mut *self.kept.lock()).into();
        let words = failures::quote(&String::from_utf8_lossy(&kept));
        if words.is_empty() { "it said nothing".to_owned() } else { words }
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, kept: Arc<Mutex<VecDeque<u8>>>) {
    let mut piece = vec![0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        let mut kept = kept.lock();
        kept.extend(&piece[..length]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn whatever_is_written_is_read_and_the_last_of_it_kept() {
        let (mut process, ours) = tokio::io::duplex(1024);
        let words = LastWords::of(ours);
        for _ in 0..10_000 {
            process.write_all(b"much of nothing\n").await.expect("it is read");
        }
        process.write_all(b"and the reason at last\n").await.expect("it is read");
        drop(process);
        let words = words.take().await;
        assert!(words.len() <= KEPT && words.ends_with("nothing and the reason at last"), "{words}");
    }

    #[tokio::test]
    async fn a_stream_that_stays_open_is_not_waited_for() {
        let (mut process, ours) = tokio::io::duplex(1024);
        let words = LastWords::of(ours);
        process.write_all(b"the reason").await.expect("it is read");
        assert_eq!(words.take().await, "the reason");
    }
}
