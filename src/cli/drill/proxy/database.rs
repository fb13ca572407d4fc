//! A node's way to the database: a TCP port before the server's socket.

use super::{
    pump,
    switchboard::{Line, Switchboard},
};
use anyhow::Context;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
};

/// Listens until it is dropped.
pub(super) struct DatabaseProxy {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl DatabaseProxy {
    /// For one node; `socket` is the server's.
    pub(super) async fn start(node: &str, socket: PathBuf, switchboard: &Switchboard) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a database proxy")?;
        let address = listener.local_addr()?;
        let (line, switchboard, socket) = (Line::Database(node.to_owned()), switchboard.clone(), Arc::new(socket));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                connections.spawn(serve(client, Arc::clone(&socket), switchboard.clone(), line.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, _serving: serving })
    }

    /// The URL of a database behind this proxy.
    pub(super) fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@{}/{database}?sslmode=disable", self.address)
    }
}

/// A connection that breaks is the node's affair, as it would be without us.
async fn serve(client: TcpStream, socket: Arc<PathBuf>, switchboard: Switchboard, line: Line) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut valve = switchboard.valve(line);
    let (mut client_read, client_write) = client.into_split();
    let Some(early) = pump::hold(&mut client_read, &mut valve).await else { return Ok(()) };
    let server = UnixStream::connect(socket.as_path()).await?;
    pump::connect((client_read, client_write), server.into_split(), &early, valve).await
}
