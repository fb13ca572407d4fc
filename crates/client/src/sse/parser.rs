//! Incremental parser of the event stream format (WHATWG HTML §9.2.6).

use super::ServerEvent;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// A line that grows past this is not from our server.
const MAX_PENDING_BYTES: usize = 64 * 1024 * 1024;

/// Takes bytes as they come, cut anywhere, and gives whole events.
///
/// A field that lies within one chunk is a slice of it; only what a chunk boundary cuts, and data of
/// several lines, is copied. Unlike a browser the parser doesn't carry an id over to events without one:
/// the streams of this product number every event.
#[derive(Debug, Default)]
pub struct SseParser {
    /// The beginning of a line whose end has not come yet.
    partial: BytesMut,
    /// The last line ended with CR at the end of a chunk: an LF that follows belongs to it.
    skip_line_feed: bool,
    id: Bytes,
    event: Bytes,
    data: Option<Bytes>,
    complete: VecDeque<ServerEvent>,
}

/// The stream holds a line without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the event stream is longer than {MAX_PENDING_BYTES} bytes")]
pub struct LineTooLong;

impl SseParser {
    /// Feeds the next bytes.
    pub fn push(&mut self, mut chunk: Bytes) -> Result<(), LineTooLong> {
        if self.skip_line_feed && !chunk.is_empty() {
            self.skip_line_feed = false;
            if chunk[0] == b'\n' {
                chunk = chunk.slice(1..);
            }
        }
        while let Some(end) = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let head = chunk.slice(..end);
            let line = if self.partial.is_empty() {
                head
            } else {
                self.partial.extend_from_slice(&head);
                self.partial.split().freeze()
            };
            let mut next = end + 1;
            if chunk[end] == b'\r' {
                match chunk.get(next) {
                    Some(b'\n') => next += 1,
                    Some(_) => {}
                    None => self.skip_line_feed = true,
                }
            }
            chunk = chunk.slice(next..);
            self.line(&line);
        }
        if self.partial.len() + chunk.len() > MAX_PENDING_BYTES {
            return Err(LineTooLong);
        }
        self.partial.extend_from_slice(&chunk);
        Ok(())
    }

    /// The next whole event.
    pub fn next_event(&mut self) -> Option<ServerEvent> {
        self.complete.pop_front()
    }

    fn line(&mut self, line: &Bytes) {
        if line.is_empty() {
            return self.dispatch();
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let after_space = if line.get(colon + 1) == Some(&b' ') { colon + 2 } else { colon + 1 };
                (&line[..colon], line.slice(after_space..))
            }
            None => (&line[..], Bytes::new()),
        };
        match name {
            b"id" => self.id = value,
            b"event" => self.event = value,
            b"data" => {
                self.data = Some(match self.data.take() {
                    None => value,
                    Some(earlier) => Bytes::from([&earlier[..], b"\n", &value].concat()),
                });
            }
            _ => {} // a comment (empty name), `retry`, or a field of the future
        }
    }

    fn dispatch(&mut self) {
        let (id, event) = (std::mem::take(&mut self.id), std::mem::take(&mut self.event));
        if let Some(data) = self.data.take() {
            self.complete.push_back(ServerEvent { id, event, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": connected\n\nid: 1\nevent: session.created\ndata: {\"a\":1}\n\n: keep-alive\n\nid: 2\r\nevent: x\r\ndata: one\r\ndata: two\r\n\r\n\
        retry: 5\rdata:no space\r\rid: 9\nevent: without data\n\ndata\n\nid: 3\ndata: cut off";

    fn seen(chunks: impl Iterator<Item = Bytes>) -> Vec<(String, String, Bytes)> {
        let mut parser = SseParser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            parser.push(chunk).expect("short lines");
            while let Some(event) = parser.next_event() {
                events.push((event.id().to_owned(), event.event().to_owned(), event.data().clone()));
            }
        }
        events
    }

    #[test]
    fn every_way_to_cut_a_stream_gives_the_same_events() {
        let expected = [("1", "session.created", "{\"a\":1}"), ("2", "x", "one\ntwo"), ("", "", "no space"), ("", "", "")]
            .map(|(id, event, data)| (id.to_owned(), event.to_owned(), Bytes::from(data)));
        let stream = Bytes::from_static(STREAM.as_bytes());
        for size in 1..=stream.len() {
            let chunks = stream.chunks(size).map(|chunk| stream.slice_ref(chunk));
            assert_eq!(seen(chunks), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn data_within_a_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"id: 1\nevent: e\ndata: payload\n\n");
        let mut parser = SseParser::default();
        parser.push(chunk.clone()).expect("short lines");
        let event = parser.next_event().expect("an event");
        assert!(chunk.as_ptr_range().contains(&event.data().as_ptr()));
    }
}
