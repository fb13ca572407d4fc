//! Closing a connection so that its last answer arrives.
//!
//! A request that is refused before its body was read leaves bytes of that body in the socket, and a
//! socket that is closed with unread bytes is reset: the peer's system throws away what it had
//! received, and the client sees a broken connection instead of the 413 or 403 that says why. So the
//! own side is closed first, and what still comes is thrown away for a short while.

use super::connection::Connection;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// Long enough for an answer to arrive and be read.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is thrown away at a time, and at most: whoever sends on and on is not listening.
const GULP: usize = 16 * 1024;
const MOST: usize = 64 * 1024 * 1024;

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
