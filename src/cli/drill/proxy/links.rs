//! The way to a node's link port, which learns from the first line who dials.

use super::{
    pump,
    switchboard::{Line, Switchboard},
};
use anyhow::Context;
use serde::Deserialize;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// A first line is shorter.
const LONGEST_HELLO: usize = 8 * 1024;
/// A dialer says at once who it is.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// Listens until it is dropped.
pub(super) struct LinkProxy {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

/// What we need of a dialer's first line.
#[derive(Deserialize)]
struct Hello {
    node: String,
}

impl LinkProxy {
    /// Before the link port of one node.
    pub(super) async fn start(node: &str, target: SocketAddr, switchboard: &Switchboard) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a link proxy")?;
        let address = listener.local_addr()?;
        let (node, switchboard): (Arc<str>, _) = (node.into(), switchboard.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((dialer, _)) = listener.accept().await else { continue };
                connections.spawn(serve(dialer, Arc::clone(&node), target, switchboard.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, _serving: serving })
    }

    /// Where peers reach the node.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(mut dialer: TcpStream, node: Arc<str>, target: SocketAddr, switchboard: Switchboard) -> io::Result<()> {
    dialer.set_nodelay(true)?;
    let (mut early, who) = timeout(HELLO_PATIENCE, hello(&mut dialer)).await??;
    let mut valve = switchboard.valve(Line::between(&who, &node));
    let (mut dialer_read, dialer_write) = dialer.into_split();
    let Some(more) = pump::hold(&mut dialer_read, &mut valve).await else { return Ok(()) };
    early.extend(more);
    let listener = TcpStream::connect(target).await?;
    listener.set_nodelay(true)?;
    pump::connect((dialer_read, dialer_write), listener.into_split(), &early, valve).await
}

/// What was read, which may be more than the line, and the node that it names.
async fn hello(dialer: &mut TcpStream) -> io::Result<(Vec<u8>, String)> {
    let mut read = Vec::with_capacity(1024);
    loop {
        if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
            let hello: Hello = serde_json::from_slice(&read[..end])?;
            return Ok((read, hello.node));
        }
        if read.len() > LONGEST_HELLO || dialer.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}
