//! A cluster on this machine: a private PostgreSQL, workers and web nodes, with every connection between
//! them going through a proxy. All of it ends with this process, however that ends.

mod folder;
mod node;
mod ownership;
mod plan;
mod ports;
mod process;
mod settle;
mod view;

pub(super) use node::Part;
pub(super) use ownership::Ownership;
pub(super) use plan::ClusterPlan;

use super::{
    http::Http,
    proxy::{Network, Switchboard},
};
use anyhow::{Context, ensure};
use cowork_store::{PrivatePostgres, Store};
use folder::Folder;
use node::Node;
use std::{
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};

/// A node that doesn't stop for longer than this is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// The running cluster. Dropping it kills the nodes; [`Cluster::stop`] lets the database end in order.
pub(super) struct Cluster {
    nodes: Vec<Node>,
    /// Nodes before the database: fields are dropped in this order.
    postgres: PrivatePostgres,
    database_started: Instant,
    store: Store,
    network: Network,
    lease: Duration,
    http: Http,
    operator_token: String,
    folder: Folder,
}

impl Cluster {
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn switchboard(&self) -> &Switchboard {
        self.network.switchboard()
    }

    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    /// Where logs and data are.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The nodes of a part, in the order of their names.
    pub(super) fn names(&self, part: Part) -> Vec<String> {
        self.nodes.iter().filter(|node| node.part == part).map(|node| node.name.clone()).collect()
    }

    /// The web nodes' URLs.
    pub(super) fn web_urls(&self) -> Vec<String> {
        self.nodes.iter().filter(|node| node.part == Part::Web).map(|node| node.url.clone()).collect()
    }

    pub(super) fn pid(&self, name: &str) -> anyhow::Result<i32> {
        Ok(self.node(name)?.process()?.pid())
    }

    /// Kills a node as the kernel would; returns when its process is gone.
    pub(super) async fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        self.node_mut(name)?.kill().await
    }

    /// Stops a node's process in its tracks.
    pub(super) async fn freeze(&self, name: &str) -> anyhow::Result<()> {
        self.node(name)?.freeze().await
    }

    /// Lets it go on as if nothing had happened.
    pub(super) async fn thaw(&self, name: &str) -> anyhow::Result<()> {
        self.node(name)?.thaw().await
    }

    /// Stops a node in order; returns how its process ended.
    pub(super) async fn terminate(&mut self, name: &str, patience: Duration) -> anyhow::Result<ExitStatus> {
        self.node_mut(name)?.terminate(patience).await
    }

    /// Starts a node that isn't running.
    pub(super) async fn start_node(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.node_mut(name)?;
        ensure!(node.process.is_none(), "node {name} runs already");
        node.start().await
    }

    /// Restarts the database server; returns the numbers of its process before and after.
    pub(super) async fn restart_database(&mut self) -> anyhow::Result<(u32, u32)> {
        let before = self.postgres.pid();
        self.postgres.restart().await.context("the database doesn't start again")?;
        self.database_started = Instant::now();
        Ok((before, self.postgres.pid()))
    }

    /// Undoes whatever a fault that failed half-way left behind: no line cut, nobody frozen, everybody running.
    pub(super) async fn repair(&mut self) -> anyhow::Result<()> {
        self.network.switchboard().heal_all();
        for node in &mut self.nodes {
            if node.has_ended().await {
                node.process = None;
            }
            match &node.process {
                Some(_) => node.thaw().await?,
                None => node.start().await?,
            }
        }
        Ok(())
    }

    /// Ends everything in order.
    pub(super) async fn stop(mut self) {
        self.network.switchboard().heal_all();
        for node in &self.nodes {
            if let Some(process) = &node.process {
                process.signal(nix::sys::signal::Signal::SIGCONT);
                process.signal(nix::sys::signal::Signal::SIGTERM);
            }
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        for node in &mut self.nodes {
            if let Some(process) = &mut node.process {
                process.end(deadline.saturating_duration_since(Instant::now())).await;
            }
            node.process = None; // which kills it if it runs on
        }
        self.store.close().await;
        self.postgres.stop().await;
    }

    fn node(&self, name: &str) -> anyhow::Result<&Node> {
        self.nodes.iter().find(|node| node.name == name).with_context(|| format!("there is no node {name}"))
    }

    fn node_mut(&mut self, name: &str) -> anyhow::Result<&mut Node> {
        self.nodes.iter_mut().find(|node| node.name == name).with_context(|| format!("there is no node {name}"))
    }
}
