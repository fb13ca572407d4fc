//! Several streams, read by one task.

use super::{Frame, RawStream};
use parking_lot::Mutex;
use std::{future::poll_fn, io, sync::Arc, task::Poll, time::Instant};

const READ_BUFFER_BYTES: usize = 64 * 1024;

/// Where frames go. Streams are named by the number they were given when the watch began.
pub(in super::super) trait Sink: Send {
    /// A frame arrived at `at`.
    fn frame(&mut self, stream: usize, at: Instant, frame: &Frame<'_>);

    /// The stream ended, cleanly or not.
    fn ended(&mut self, stream: usize, outcome: &io::Result<()>);
}

/// Reads the streams until all have ended; stop it by dropping. Everything runs on one thread, so the
/// sink's lock is never contended.
pub(in super::super) async fn watch<S: Sink>(streams: Vec<(usize, RawStream)>, sink: Arc<Mutex<S>>) {
    let mut open: Vec<Option<(usize, RawStream)>> = streams.into_iter().map(Some).collect();
    let mut left = open.len();
    let mut buffer = vec![0; READ_BUFFER_BYTES];
    poll_fn(|context| {
        for slot in &mut open {
            while let Some((number, stream)) = slot {
                let number = *number;
                let mut arrival = None;
                let polled = stream.poll_frames(context, &mut buffer, |frame| {
                    let at = *arrival.get_or_insert_with(Instant::now);
                    sink.lock().frame(number, at, frame);
                });
                let outcome = match polled {
                    Poll::Pending => break,
                    Poll::Ready(Ok(true)) => continue,
                    Poll::Ready(Ok(false)) => Ok(()),
                    Poll::Ready(Err(error)) => Err(error),
                };
                sink.lock().ended(number, &outcome);
                *slot = None;
                left -= 1;
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
