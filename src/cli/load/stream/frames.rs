//! Frames of an event stream, as far as a generator needs to see them.

use std::io::BufRead;

/// What a frame says, seen without reading its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Frame<'a> {
    /// The `id:` field.
    pub(in crate::cli) sequence: u64,
    /// The `event:` field.
    pub(in crate::cli) kind: FrameKind,
    /// The `data:` line.
    pub(in crate::cli) data: &'a [u8],
}

/// The event types that a generator tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::cli) enum FrameKind {
    SessionCreated,
    SessionIdle,
    RuntimeError,
    SnapshotRequired,
    #[default]
    Other,
}

impl FrameKind {
    fn parse(name: &[u8]) -> Self {
        match name {
            b"session.created" => Self::SessionCreated,
            b"session.idle" => Self::SessionIdle,
            b"runtime.error" => Self::RuntimeError,
            b"snapshot.required" => Self::SnapshotRequired,
            _ => Self::Other,
        }
    }
}

/// Cuts a stream into frames. The contract's frames have exactly the lines `id`, `event`, `data`, in
/// this order, ended by line feeds (contract 00 §9.1), so a frame is complete with its data line.
#[derive(Debug, Default)]
pub(super) struct Frames {
    sequence: u64,
    kind: FrameKind,
    /// The beginning of a line whose end hasn't come yet.
    partial: Vec<u8>,
}

impl Frames {
    /// Feeds the next bytes and hands on the frames that became complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut on_frame: impl FnMut(&Frame<'_>)) {
        while let Some((line, rest)) = split_line(bytes) {
            bytes = rest;
            if self.partial.is_empty() {
                self.line(line, &mut on_frame);
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole, &mut on_frame);
                whole.clear();
                self.partial = whole;
            }
        }
        self.partial.extend_from_slice(bytes);
    }

    fn line(&mut self, line: &[u8], on_frame: &mut impl FnMut(&Frame<'_>)) {
        if let Some(data) = line.strip_prefix(b"data: ") {
            on_frame(&Frame { sequence: self.sequence, kind: self.kind, data });
        } else if let Some(id) = line.strip_prefix(b"id: ") {
            self.sequence =
                id.iter().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0'))));
        } else if let Some(name) = line.strip_prefix(b"event: ") {
            self.kind = FrameKind::parse(name);
        }
    }
}

/// The first line without its end, and what follows it.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // `skip_until` searches with the standard library's vectorised memchr, which a plain loop is not.
    let mut rest = bytes;
    let skipped = rest.skip_until(b'\n').unwrap_or(0);
    let line = bytes[..skipped].strip_suffix(b"\n")?;
    Some((line, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_cut_a_stream_gives_the_same_frames() {
        let stream =
            b": connected\n\nid: 7\nevent: session.created\ndata: {\"a\":1}\n\n: keep-alive\n\nid: 108\nevent: new.type\ndata: {}\n\nid: 9";
        for cut in 1..=stream.len() {
            let mut frames = Frames::default();
            let mut seen = Vec::new();
            for piece in stream.chunks(cut) {
                frames.feed(piece, |frame| seen.push((frame.sequence, frame.kind, frame.data.to_vec())));
            }
            let expected = vec![(7, FrameKind::SessionCreated, b"{\"a\":1}".to_vec()), (108, FrameKind::Other, b"{}".to_vec())];
            assert_eq!(seen, expected, "cut at {cut}");
        }
    }
}
