//! What an accepted connection does: it answers requests, until one of the answers is a stream of events. Such a stream goes on
//! for hours and is nearly always idle, so it takes the connection over: what is needed to answer requests, 8 KiB for reading
//! them above all, is given back until the stream ends.

use super::lingering::Lingering;
use axum::{body::Body, response::Response};
use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{Request, Version};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    server::conn::http1::{self, UpgradeableConnection},
    service::HttpService,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{
    error::Error,
    future::Future,
    io::{self, Write},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
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

    fn is_due(&self) -> bool {
        self.0.lock().is_some()
    }

    fn take(&self) -> Option<Response> {
        self.0.lock().take()
    }
}

type Io = Lingering<TcpStream>;
type Requests<S> = UpgradeableConnection<TokioIo<Io>, S>;

/// A connection at work. Ends with it.
pub(super) struct Served<S: HttpService<Incoming>> {
    http: http1::Builder,
    doing: Doing<S>,
    take_over: TakeOver,
    is_winding_up: bool,
}

enum Doing<S: HttpService<Incoming>> {
    Requests(Box<Requests<S>>),
    Stream { writing: Pin<Box<dyn Future<Output = io::Result<Option<Io>>> + Send>>, service: S },
    Nothing,
}

impl<S> Served<S>
where
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(http: http1::Builder, io: Io, service: S, take_over: TakeOver) -> Self {
        let mut served = Self { http, doing: Doing::Nothing, take_over, is_winding_up: false };
        served.doing = served.requests(io, service);
        served
    }

    /// Whether a stream has the connection.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.doing, Doing::Stream { .. })
    }

    /// Answers the request that runs, and no other. A stream is told elsewhere.
    pub(super) fn wind_up(&mut self) {
        self.is_winding_up = true;
        if let Doing::Requests(requests) = &mut self.doing {
            Pin::new(&mut **requests).graceful_shutdown();
        }
    }

    fn requests(&self, io: Io, service: S) -> Doing<S> {
        let mut requests = Box::new(self.http.serve_connection(TokioIo::new(io), service).with_upgrades());
        if self.is_winding_up {
            Pin::new(&mut *requests).graceful_shutdown();
        }
        Doing::Requests(requests)
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
                Doing::Requests(requests) => {
                    if let Poll::Ready(ended) = requests.poll_unpin(context) {
                        note(ended);
                        return Poll::Ready(());
                    }
                    if !this.take_over.is_due() {
                        return Poll::Pending;
                    }
                }
                Doing::Stream { writing, .. } => match ready!(writing.poll_unpin(context)) {
                    Ok(None) => return Poll::Ready(()),
                    Err(error) => {
                        note(Err(error));
                        return Poll::Ready(());
                    }
                    Ok(Some(io)) => {
                        if let Doing::Stream { service, .. } = std::mem::replace(&mut this.doing, Doing::Nothing) {
                            this.doing = this.requests(io, service);
                        }
                        continue;
                    }
                },
            }
            if let Doing::Requests(requests) = std::mem::replace(&mut this.doing, Doing::Nothing)
                && let Some(parts) = requests.into_parts()
                && let Some(response) = this.take_over.take()
            {
                // What came behind the request is another one, which nobody would answer.
                let is_clean = parts.read_buf.is_empty();
                this.doing = Doing::Stream { writing: Box::pin(write(parts.io.into_inner(), response, is_clean)), service: parts.service };
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

/// Writes an answer in chunks (RFC 9112 §7.1) until it ends or the client goes away. Gives the connection back for further
/// requests, if nothing was lost of them.
async fn write<C: AsyncRead + AsyncWrite + Unpin>(mut connection: C, response: Response, mut is_clean: bool) -> io::Result<Option<C>> {
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
            () = gone(&mut connection, &mut is_clean) => return Ok(None),
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
    if is_clean {
        return Ok(Some(connection));
    }
    connection.shutdown().await?;
    Ok(None)
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
async fn gone<C: AsyncRead + Unpin>(connection: &mut C, is_clean: &mut bool) {
    let mut waste = [0; 64];
    let mut wasted = 0;
    while wasted < MOST_WASTE {
        match connection.read(&mut waste).await {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                *is_clean = false;
                wasted += read;
            }
        }
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{Stream, TryStreamExt};
    use http_body::Frame;
    use tokio::io::duplex;

    fn response(texts: impl Stream<Item = io::Result<&'static str>> + Send + 'static) -> Response {
        let frames = texts.map_ok(|text| Frame::data(Bytes::from_static(text.as_bytes())));
        let mut response = Response::new(Body::new(http_body_util::StreamBody::new(frames)));
        response.headers_mut().insert("x-one", http::HeaderValue::from_static("1"));
        response
    }

    #[tokio::test]
    async fn an_answer_is_written_in_chunks_to_its_end() {
        let (mut client, server) = duplex(16);
        let frames = futures_util::stream::iter([Ok("one"), Ok(""), Ok("seventeen letters")]);
        let reading = async {
            let mut text = String::new();
            client.read_to_string(&mut text).await.expect("text");
            text
        };
        let writing = async { drop(write(server, response(frames), true).await.expect("the client reads all").expect("it can go on")) };
        let (text, ()) = tokio::join!(reading, writing);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends with an empty line");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nx-one: 1\r\ntransfer-encoding: chunked\r\ndate: "), "{head}");
        assert_eq!(body, "3\r\none\r\n11\r\nseventeen letters\r\n0\r\n\r\n");
    }

    #[tokio::test]
    async fn an_answer_ends_when_the_client_leaves_or_the_body_breaks() {
        let (mut client, server) = duplex(1024);
        let writing = tokio::spawn(write(server, response(futures_util::stream::pending()), true));
        client.read_u8().await.expect("the head comes at once");
        drop(client);
        assert!(writing.await.expect("no panic").expect("leaving is no error").is_none());

        let (mut client, server) = duplex(1024);
        let broken = futures_util::stream::iter([Ok("one"), Err(io::Error::other("broken"))]);
        assert!(write(server, response(broken), true).await.is_err());
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("text");
        assert!(text.ends_with("3\r\none\r\n"), "whoever reads it sees that it is not whole: {text}");
    }
}
