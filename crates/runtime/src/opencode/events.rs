//! A stream of OpenCode's events, read frame by frame.

use super::frames::Event;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::timeout;

/// A heartbeat comes every 10 s: a stream that is silent for longer than this is broken.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest frame: a tool's whole output.
const MAX_FRAME: usize = 32 << 20;

/// The stream ended, broke or fell silent. Events may be missing: OpenCode replays none.
#[derive(Debug)]
pub(super) struct Broken;

/// Events as they come.
pub(super) struct EventStream {
    body: Incoming,
    unread: BytesMut,
    /// How much of `unread` holds no line end.
    searched: usize,
}

impl EventStream {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, unread: BytesMut::new(), searched: 0 }
    }

    /// The next event. May be dropped and called again without losing one.
    pub(super) async fn next(&mut self) -> Result<Event, Broken> {
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = line.strip_prefix(b"data:").and_then(Event::read) {
                    return Ok(event);
                }
            }
            let frame = timeout(SILENCE, self.body.frame()).await.map_err(|_| Broken)?.ok_or(Broken)?.map_err(|_| Broken)?;
            if let Some(data) = frame.data_ref() {
                self.unread.extend_from_slice(data);
            }
            if self.unread.len() > MAX_FRAME {
                return Err(Broken);
            }
        }
    }

    fn line(&mut self) -> Option<BytesMut> {
        let Some(end) = self.unread[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.unread.len();
            return None;
        };
        let line = self.unread.split_to(self.searched + end + 1);
        self.searched = 0;
        Some(line)
    }
}
