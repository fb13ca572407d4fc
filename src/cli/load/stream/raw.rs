//! One event stream on a socket of its own.

use super::{
    chunked::Chunked,
    frames::{Frame, Frames},
};
use cowork_client::Client;
use http::Uri;
use std::{
    fmt::Write,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// Response headers and a first comment; an answer that needs more is not the contract's.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Where streams are opened: the base URL, resolved once.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Endpoint {
    address: SocketAddr,
    host: String,
    prefix: String,
}

/// Why a stream couldn't be opened.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum OpenError {
    #[error("stream refused with status {0}")]
    Refused(u16),
    #[error("stream not opened within {OPEN_TIMEOUT:?}")]
    Timeout,
    #[error("stream not opened: {0}")]
    Io(#[from] io::Error),
    #[error("stream answered with something that is not an event stream")]
    NotAStream,
}

impl Endpoint {
    /// Looks the host up; `url` was accepted by the typed client before.
    pub(in crate::cli) async fn resolve(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse()?;
        let host = uri.host().ok_or_else(|| anyhow::anyhow!("`{url}` names no host"))?;
        let port = uri.port_u16().unwrap_or(80);
        let address = tokio::net::lookup_host((host.trim_matches(['[', ']']), port))
            .await?
            .next()
            .ok_or_else(|| anyhow::anyhow!("`{host}` has no address"))?;
        Ok(Self { address, host: format!("{host}:{port}"), prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

/// An open stream: its first comment has been seen.
pub(in crate::cli) struct RawStream {
    socket: TcpStream,
    coding: Chunked,
    frames: Frames,
    /// What came together with the headers.
    early: Vec<u8>,
}

impl RawStream {
    /// Opens a stream as the client's user; returns once `: connected` was seen.
    pub(in crate::cli) async fn open(endpoint: &Endpoint, client: &Client, path: &str) -> Result<Self, OpenError> {
        tokio::time::timeout(OPEN_TIMEOUT, Self::open_unbounded(endpoint, client, path)).await.unwrap_or(Err(OpenError::Timeout))
    }

    async fn open_unbounded(endpoint: &Endpoint, client: &Client, path: &str) -> Result<Self, OpenError> {
        let mut socket = TcpStream::connect(endpoint.address).await?;
        socket.set_nodelay(true)?;
        socket.write_all(request_head(endpoint, client, path).as_bytes()).await?;

        let mut received = Vec::with_capacity(1024);
        let head_length = loop {
            read_more(&mut socket, &mut received).await?;
            if let Some(end) = find(&received, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let coding = check_head(&received[..head_length])?;
        while find(&received[head_length..], b": connected\n").is_none() {
            read_more(&mut socket, &mut received).await?;
        }
        received.drain(..head_length);
        Ok(Self { socket, coding, frames: Frames::default(), early: received })
    }

    /// Reads once and hands on the frames that became complete; ready with `true` when there may be
    /// more, with `false` at the end of the stream.
    pub(in crate::cli) fn poll_frames(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        on_frame: impl FnMut(&Frame<'_>),
    ) -> Poll<io::Result<bool>> {
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            return Poll::Ready(self.decode(&early, on_frame));
        }
        let mut target = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut target))?;
        if target.filled().is_empty() {
            return Poll::Ready(Ok(false));
        }
        Poll::Ready(self.decode(target.filled(), on_frame))
    }

    fn decode(&mut self, mut bytes: &[u8], mut on_frame: impl FnMut(&Frame<'_>)) -> io::Result<bool> {
        while let Some(data) = self.coding.next_data(&mut bytes).map_err(io::Error::other)? {
            self.frames.feed(data, &mut on_frame);
        }
        Ok(!self.coding.is_done())
    }
}

fn request_head(endpoint: &Endpoint, client: &Client, path: &str) -> String {
    let mut head = format!("GET {}{path} HTTP/1.1\r\nhost: {}\r\naccept: text/event-stream\r\n", endpoint.prefix, endpoint.host);
    for (name, value) in &client.authentication_headers() {
        let value = value.to_str().unwrap_or_default();
        write!(head, "{name}: {value}\r\n").expect("writing to a string succeeds");
    }
    head.push_str("\r\n");
    head
}

async fn read_more(socket: &mut TcpStream, received: &mut Vec<u8>) -> Result<(), OpenError> {
    if received.len() > MAX_HEAD_BYTES {
        return Err(OpenError::NotAStream);
    }
    if socket.read_buf(received).await? == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(())
}

/// Status and coding that the response headers announce.
fn check_head(head: &[u8]) -> Result<Chunked, OpenError> {
    let head = str::from_utf8(head).map_err(|_| OpenError::NotAStream)?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(OpenError::NotAStream)?;
    if status != 200 {
        return Err(OpenError::Refused(status));
    }
    if !head.contains("\r\ncontent-type: text/event-stream") {
        return Err(OpenError::NotAStream);
    }
    Ok(if head.contains("\r\ntransfer-encoding: chunked") { Chunked::Size(0) } else { Chunked::Identity })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
