//! Server-sent events (contract 00 §9): the answer's headers, and a body that passes on the feed's
//! ready-made frames without copying or boxing them.

use super::{connection::Connection, served::TakesOver, state::HttpState, streams::StreamPermit};
use crate::identity::Revocations;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use cowork_actors::{CutReason, Subscription};
use cowork_domain::ids::Sequence;
use futures_util::Stream;
use http::{HeaderValue, header};
use http_body::Frame;
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};
use tokio::time::Sleep;

/// Opens the stream on a subscription that was authorised already. `began` tells clients which begin at the end of a log where
/// that was: whoever is cut off before the first event resumes from there.
pub(super) fn respond(
    state: &HttpState,
    connection: Connection,
    mut subscription: Subscription,
    permit: StreamPermit,
    began: Option<Sequence>,
) -> Response {
    subscription.cut_with(connection.cut().clone());
    let greeting = began.map_or(Bytes::from_static(b": connected\n\n"), |began| format!(": connected\nid: {began}\n\n").into());
    let mut response = open(state, connection, subscription, greeting, permit);
    let content_type = HeaderValue::from_static("text/event-stream; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Opens a stream of ready-made frames that was authorised already; the first thing on it is the greeting, if there is one.
pub(super) fn open<S>(state: &HttpState, connection: Connection, frames: S, greeting: Bytes, permit: StreamPermit) -> Response
where
    S: Stream<Item = Bytes> + Send + Unpin + 'static,
{
    let connection_has_unread = connection.has_unread();
    let body = StreamBody {
        greeting,
        frames,
        lifetime: Box::pin(tokio::time::sleep(permit.lifetime)),
        revocations: state.revocations.clone(),
        cut: CutCounter { connection, counter: state.metrics.streams_cut.clone() },
        _permit: permit,
    };
    let mut response = Response::new(Body::new(body));
    if !connection_has_unread {
        response.extensions_mut().insert(TakesOver);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One open stream. It is small on purpose: thousands of them idle at the same time.
struct StreamBody<S> {
    greeting: Bytes,
    frames: S,
    lifetime: Pin<Box<Sleep>>,
    revocations: Arc<Revocations>,
    cut: CutCounter,
    _permit: StreamPermit,
}

impl<S: Stream<Item = Bytes> + Unpin> http_body::Body for StreamBody<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.cut.connection.is_ending() {
            return Poll::Ready(None);
        }
        if !this.greeting.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.greeting)))));
        }
        if this.lifetime.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        // Frames that nobody may see any more must not go out because this node can't hear of it (invariant I7).
        ready!(this.revocations.poll_fresh(context, Instant::now()));
        Pin::new(&mut this.frames).poll_next(context).map(|frames| frames.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Counts the stream as cut if that is how it ended.
struct CutCounter {
    connection: Connection,
    counter: metrics::Counter,
}

impl Drop for CutCounter {
    fn drop(&mut self) {
        match self.connection.cut().reason() {
            None => {}
            Some(CutReason::Lag) => {
                tracing::info!(peer = %self.connection.peer(), "a stream was cut because its reader fell too far behind");
                self.counter.increment(1);
            }
            Some(CutReason::Revoked) => {
                tracing::info!(peer = %self.connection.peer(), "a stream was cut because what it was opened with was taken back");
            }
        }
    }
}
