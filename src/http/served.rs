//! What an accepted connection does: it answers requests, until one of the answers is a stream of events. Such a stream goes on
//! for hours and is nearly always idle, so it takes the connection over: what is needed to answer requests, 8 KiB for reading
//! them above all, is given back.

use super::lingering::Lingering;
use axum::{body::Body, response::Response};
use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Request, Version};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1::UpgradeableConnection, service::HttpService};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{
    error::Error,
    future::Future,
    io::{self, Write},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// What a client may still send on a connection that a stream took over. It is thrown away; whoever sends more isn't read.
const MOST_WASTE: usize = 64 * 1024;

/// Marks an answer that takes its connection over.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakesOver;

/// Where such an answer waits until the connection's task takes it.
#[derive(Clone, Default)]
pub(super) struct TakeOver(Arc<Mutex<Option<Response>>>);

impl TakeOver {
    /// Whether the answer to a request like this could take the connection over: it must be able to come in pieces.
    pub(super) fn suits<B>(request: &Request<B>) -> bool {
        request.version() == Version::HTTP_11
    }

    /// Gives an answer back, unless it takes the connection over. Only the connection's own task calls it and looks right after,
    /// so nobody has to be woken.
    pub(super) fn keep(&self, response: Response) -> Option<Response> {
        if response.extensions().get::<TakesOver>().is_none() {
            return Some(response);
        }
        *self.0.lock() = Some(response);
        None
    }
}

type Requests<S> = UpgradeableConnection<TokioIo<Lingering<TcpStream>>, S>;

/// A connection at work. Ends with it.
pub(super) struct Served<S: HttpService<Incoming>> {
    doing: Doing<S>,
    take_over: TakeOver,
}

enum Doing<S: HttpService<Incoming>> {
    Requests(Box<Requests<S>>),
    Stream(Pin<Box<dyn Future<Output = io::Result<()>> + Send>>),
    Nothing,
}

impl<S> Served<S>
where
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(requests: Requests<S>, take_over: TakeOver) -> Self {
        Self { doing: Doing::Requests(Box::new(requests)), take_over }
    }

    /// Answers the request that runs, and no other. A stream is told elsewhere.
    pub(super) fn wind_up(&mut self) {
        if let Doing::Requests(requests) = &mut self.doing {
            Pin::new(&mut **requests).graceful_shutdown();
        }
    }
}

impl<S> Future for Served<S>
where
    S: HttpService<Incoming, ResBody = Body> + Unpin,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            match &mut this.doing {
                Doing::Nothing => return Poll::Ready(()),
                Doing::Stream(stream) => return stream.poll_unpin(context).map(note),
                Doing::Requests(requests) => {
                    if let Poll::Ready(ended) = requests.poll_unpin(context) {
                        note(ended);
                        return Poll::Ready(());
                    }
                    let Some(response) = this.take_over.0.lock().take() else { return Poll::Pending };
                    if let Doing::Requests(requests) = std::mem::replace(&mut this.doing, Doing::Nothing)
                        && let Some(parts) = requests.into_parts()
                    {
                        this.doing = Doing::Stream(Box::pin(write(parts.io.into_inner(), response)));
                    }
                }
            }
        }
    }
}

/// Clients leave in many ways, and none of them is our failure.
fn note<E: Error>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Writes an answer in chunks (RFC 9112 §7.1) until it ends or the client goes away, and closes the connection.
async fn write<C: AsyncRead + AsyncWrite + Unpin>(mut connection: C, response: Response) -> io::Result<()> {
    let (head, mut body) = response.into_parts();
    let mut first = head_of(head)?;
    // What is there already leaves together with the head.
    if let Some(Some(Ok(frame))) = body.frame().now_or_never()
        && let Ok(data) = frame.into_data()
    {
        append_chunk(&mut first, &data)?;
    }
    connection.write_all(&first).await?;
    drop(first);
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = gone(&mut connection) => return Ok(()),
        };
        match frame {
            None => break,
            Some(Err(error)) => return Err(io::Error::other(error)),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                // An empty chunk would be the last one.
                if !data.is_empty() {
                    let size = Bytes::from(format!("{:x}\r\n", data.len()));
                    connection.write_all_buf(&mut size.chain(data).chain(&b"\r\n"[..])).await?;
                }
            }
        }
    }
    connection.write_all(b"0\r\n\r\n").await?;
    connection.shutdown().await
}

fn head_of(head: http::response::Parts) -> io::Result<Vec<u8>> {
    let http::response::Parts { status, headers, .. } = head;
    let mut text = Vec::with_capacity(1024);
    write!(text, "HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default())?;
    for (name, value) in &headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    #[expect(clippy::disallowed_methods, reason = "a header for people who debug; nothing depends on it")]
    let now = SystemTime::now();
    write!(text, "transfer-encoding: chunked\r\ndate: {}\r\n\r\n", httpdate::fmt_http_date(now))?;
    Ok(text)
}

fn append_chunk(text: &mut Vec<u8>, data: &[u8]) -> io::Result<()> {
    if data.is_empty() {
        return Ok(());
    }
    write!(text, "{:x}\r\n", data.len())?;
    text.extend_from_slice(data);
    text.extend_from_slice(b"\r\n");
    Ok(())
}

/// Resolves when the client has closed its side.
async fn gone<C: AsyncRead + Unpin>(connection: &mut C) {
    let mut waste = [0; 64];
    let mut wasted = 0;
    while wasted < MOST_WASTE {
        match connection.read(&mut waste).await {
            Ok(0) | Err(_) => return,
            Ok(read) => wasted += read,
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Frame;
    use tokio::io::duplex;

    fn response(frames: impl futures_util::Stream<Item = Result<Frame<Bytes>, io::Error>> + Send + 'static) -> Response {
        let mut response = Response::new(Body::new(http_body_util::StreamBody::new(frames)));
        response.headers_mut().insert("x-one", http::HeaderValue::from_static("1"));
        response
    }

    fn data(text: &'static str) -> Result<Frame<Bytes>, io::Error> {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    #[tokio::test]
    async fn an_answer_is_written_in_chunks_to_its_end() {
        let (mut client, server) = duplex(16);
        let frames = futures_util::stream::iter([data("one"), data(""), data("seventeen letters")]);
        let reading = async {
            let mut text = String::new();
            client.read_to_string(&mut text).await.expect("text");
            text
        };
        let (text, written) = tokio::join!(reading, write(server, response(frames)));
        written.expect("the client reads all");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends with an empty line");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nx-one: 1\r\ntransfer-encoding: chunked\r\ndate: "), "{head}");
        assert_eq!(body, "3\r\none\r\n11\r\nseventeen letters\r\n0\r\n\r\n");
    }

    #[tokio::test]
    async fn an_answer_ends_when_the_client_leaves_or_the_body_breaks() {
        let (mut client, server) = duplex(1024);
        let writing = tokio::spawn(write(server, response(futures_util::stream::pending())));
        client.read_u8().await.expect("the head comes at once");
        drop(client);
        writing.await.expect("no panic").expect("leaving is no error");

        let (mut client, server) = duplex(1024);
        let broken = futures_util::stream::iter([data("one"), Err(io::Error::other("broken"))]);
        write(server, response(broken)).await.expect_err("the body broke");
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("text");
        assert!(text.ends_with("3\r\none\r\n"), "whoever reads it sees that it is not whole: {text}");
    }
}
