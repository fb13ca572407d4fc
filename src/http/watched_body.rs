//! Bodies that their handler doesn't read to the end: what is little is thrown away, so that the connection goes on with the next
//! request; behind the rest it ends (`super::lingering`).

use super::connection::Connection;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::sync::oneshot;

/// A body that nobody reads is read all the same up to this size and for so long: a new connection would cost more.
const LITTLE: u64 = 16 * 1024;
const MOMENT: Duration = Duration::from_millis(50);

/// A request's body on its way to a handler. Tells the connection whether it was read to its end, and is handed back if not.
pub(super) struct WatchedBody<B> {
    /// There until it is dropped.
    body: Option<B>,
    connection: Connection,
    home: Option<oneshot::Sender<B>>,
}

/// Where a body comes back to that its handler didn't read to the end.
pub(super) struct Leftover<B> {
    connection: Connection,
    body: oneshot::Receiver<B>,
}

impl<B: Body> WatchedBody<B> {
    pub(super) fn new(body: B, connection: Connection) -> (Self, Option<Leftover<B>>) {
        let is_empty = body.is_end_stream();
        connection.set_unread(!is_empty);
        let (home, leftover) = (!is_empty).then(oneshot::channel).unzip();
        let leftover = leftover.map(|body| Leftover { connection: connection.clone(), body });
        (Self { body: Some(body), connection, home }, leftover)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Leftover<B> {
    /// Reads what is left, if it is announced and little: the connection may then go on with the next request. Many clients send
    /// `{}` where nobody asks for a body.
    pub(super) async fn throw_away(mut self) {
        let Ok(mut body) = self.body.try_recv() else { return };
        if body.size_hint().upper().is_none_or(|left| left > LITTLE) {
            return;
        }
        let rest = async {
            while !body.is_end_stream() && body.frame().await.is_some_and(|frame| frame.is_ok()) {}
            body.is_end_stream()
        };
        if tokio::time::timeout(MOMENT, rest).await == Ok(true) {
            self.connection.set_unread(false);
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for WatchedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        if frame.is_none() || body.is_end_stream() {
            self.connection.set_unread(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl<B> Drop for WatchedBody<B> {
    fn drop(&mut self) {
        if let (Some(body), Some(home)) = (self.body.take(), self.home.take()) {
            home.send(body).ok();
        }
    }
}
