//! Closing a connection so that its last answer arrives.
//!
//! A request that is refused before its body was read leaves bytes of that body in the socket, and a
//! socket that is closed with unread bytes is reset: the peer's system throws away what it had
//! received, and the client sees a broken connection instead of the 413 or 403 that says why. So the
//! own side is closed first, and what still comes is thrown away for a short while.

use super::connection::Connection;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
    time::Sleep,
};

/// A body that nobody reads is read all the same up to this size and for so long: a new connection would cost more.
const LITTLE: u64 = 16 * 1024;
const MOMENT: Duration = Duration::from_millis(50);
/// Long enough for an answer to arrive and be read.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is thrown away at a time, and at most: whoever sends on and on is not listening.
const GULP: usize = 16 * 1024;
const MOST: usize = 64 * 1024 * 1024;

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

/// A socket whose orderly end waits, within limits, for a peer that may still be sending.
pub(super) struct Lingering<S> {
    stream: S,
    connection: Connection,
    /// There once the own side is closed.
    deadline: Option<Pin<Box<Sleep>>>,
    thrown_away: usize,
}

impl<S> Lingering<S> {
    pub(super) const fn new(stream: S, connection: Connection) -> Self {
        Self { stream, connection, deadline: None, thrown_away: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.deadline.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            if !this.connection.has_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        let mut waste = [0; GULP];
        while deadline.as_mut().poll(context).is_pending() && this.thrown_away < MOST {
            let mut buffer = ReadBuf::new(&mut waste);
            let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            this.thrown_away += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::Slot;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn the_end_waits_until_the_peer_has_said_all() {
        let (mut client, server) = duplex(8);
        let connection = Connection::new(([127, 0, 0, 1], 1).into(), Slot::alone());
        connection.set_unread(true);
        let mut server = Lingering::new(server, connection);
        let sending = async {
            client.write_all(&[b'x'; 1000]).await.expect("somebody takes it");
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.expect("the answer is whole");
            client.shutdown().await.expect("open");
            answer
        };
        let answering = async {
            server.write_all(b"no").await.expect("open");
            server.shutdown().await.expect("an orderly end");
        };
        let (answer, ()) = tokio::join!(sending, answering);
        assert_eq!(answer, "no");
    }
}
