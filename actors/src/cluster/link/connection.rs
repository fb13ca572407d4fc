//! One connection with a peer: a buffered reader and a writer, whatever carries them.
//!
//! It goes to ractor's node server as an external stream. The buffer makes one read of what would be two per
//! frame, and keeps what the peer sent right behind its part of the preface.

use ractor_cluster::{BoxRead, BoxWrite, ClusterBidiStream};
use socket2::{SockRef, TcpKeepalive};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Unacknowledged bytes end a connection after this long. Heartbeats find a silent peer earlier; this one frees the socket.
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// No line of the preface is longer.
const LINE_BYTES: u64 = 2048;

pub(super) struct Connection {
    reader: BufReader<BoxRead>,
    writer: BoxWrite,
    label: String,
}

impl Connection {
    /// A socket without encryption.
    pub(super) fn plain(socket: TcpStream) -> Self {
        let (reader, writer) = socket.into_split();
        Self { reader: BufReader::new(Box::new(reader)), writer: Box::new(writer), label: String::new() }
    }

    /// A stream that encrypts what it carries.
    pub(super) fn encrypted(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader: BufReader::new(Box::new(reader)), writer: Box::new(writer), label: String::new() }
    }

    /// By which the node server tells its sessions apart.
    pub(super) fn labelled(mut self, label: String) -> Self {
        self.label = label;
        self
    }

    /// The next line. An error for one that doesn't end.
    pub(super) async fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(512);
        (&mut self.reader).take(LINE_BYTES).read_until(b'\n', &mut line).await?;
        if line.pop() == Some(b'\n') {
            return Ok(line);
        }
        let too_long = line.len() as u64 >= LINE_BYTES - 1;
        Err(if too_long { io::Error::new(io::ErrorKind::InvalidData, "a line is too long") } else { io::ErrorKind::UnexpectedEof.into() })
    }

    pub(super) async fn write_line(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        self.writer.write_all(&line).await?;
        self.writer.flush().await
    }
}

impl ClusterBidiStream for Connection {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        (Box::new(self.reader), self.writer)
    }

    fn peer_label(&self) -> Option<String> {
        Some(self.label.clone())
    }
}

/// Small frames leave at once, and a socket whose other end vanished doesn't stay.
pub(super) fn tune(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(USER_TIMEOUT))
}
