//! All proxies of a cluster.

use super::{database::DatabaseProxy, links::LinkProxy, switchboard::Switchboard};
use std::{net::SocketAddr, path::PathBuf};

/// Passes everything on as long as it lives.
pub(in super::super) struct Network {
    switchboard: Switchboard,
    /// The database server's.
    socket: PathBuf,
    links: Vec<LinkProxy>,
    databases: Vec<DatabaseProxy>,
}

impl Network {
    pub(in super::super) fn new(socket: PathBuf) -> Self {
        Self { switchboard: Switchboard::new(), socket, links: Vec::new(), databases: Vec::new() }
    }

    pub(in super::super) fn switchboard(&self) -> &Switchboard {
        &self.switchboard
    }

    /// Puts a node behind proxies. Returns where its peers reach it, and its own URL of the database.
    pub(in super::super) async fn join(&mut self, node: &str, link_port: SocketAddr) -> anyhow::Result<(SocketAddr, String)> {
        let link = LinkProxy::start(node, link_port, &self.switchboard).await?;
        let database = DatabaseProxy::start(node, self.socket.clone(), &self.switchboard).await?;
        let addresses = (link.address(), database.url("cowork", "cowork"));
        self.links.push(link);
        self.databases.push(database);
        Ok(addresses)
    }
}
