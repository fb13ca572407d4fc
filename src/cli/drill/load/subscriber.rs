//! A client that follows one log for as long as the drill goes, whatever happens to its connections.

use super::people::Person;
use crate::cli::{
    drill::history::{FrameRecord, Stopwatch, StreamRecord, Subject},
    load::stream::{Endpoint, Frame, FrameKind, OpenError, RawStream},
};
use parking_lot::Mutex;
use std::{
    future::poll_fn,
    hash::{DefaultHasher, Hasher},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

/// Nodes send a comment every second; one that is silent for this long is gone.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a node may take to open a stream.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
const BUFFER_BYTES: usize = 16 * 1024;

/// What a subscriber needs to follow and to write down.
pub(super) struct Subscriber {
    pub(super) person: Person,
    /// The nodes, in the order in which they are tried.
    pub(super) nodes: Vec<Endpoint>,
    pub(super) stopwatch: Stopwatch,
    pub(super) record: Arc<Mutex<StreamRecord>>,
}

impl Subscriber {
    /// Follows until it is dropped, or until the cloud refuses for good.
    pub(super) async fn run(self) {
        let mut buffer = vec![0; BUFFER_BYTES];
        for node in self.nodes.iter().cycle() {
            let path = self.path();
            match timeout(OPEN_PATIENCE, RawStream::open(node, &self.person.client, &path)).await {
                Ok(Ok(stream)) => {
                    self.record.lock().connections += 1;
                    self.follow(stream, &mut buffer).await;
                }
                Ok(Err(OpenError::Refused(status))) if status < 500 && status != 429 => {
                    self.record.lock().refused = Some(format!("{status} to {path}"));
                    return;
                }
                Ok(Err(_)) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// From the last event that was seen on.
    fn path(&self) -> String {
        let record = self.record.lock();
        let after = record.frames.last().map_or(0, |frame| frame.sequence);
        match record.subject {
            Subject::Session(session) => format!("/api/sessions/{session}/events?after={after}"),
            Subject::Workspace(_) => format!("/api/events?after={after}"),
        }
    }

    /// Reads until the connection ends in whatever way.
    async fn follow(&self, mut stream: RawStream, buffer: &mut [u8]) {
        loop {
            let read =
                poll_fn(|context| stream.poll_frames(context, buffer, |frame| self.note(frame)).map(|outcome| matches!(outcome, Ok(true))));
            // Comments count as life, too.
            if !timeout(SILENCE, read).await.unwrap_or(false) {
                return;
            }
        }
    }

    fn note(&self, frame: &Frame<'_>) {
        let mut record = self.record.lock();
        if frame.kind == FrameKind::SnapshotRequired {
            record.refused = Some("snapshot.required, although nothing was removed".to_owned());
            return;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(frame.data);
        record.frames.push(FrameRecord { sequence: frame.sequence, hash: hasher.finish(), at: self.stopwatch.now() });
    }
}
