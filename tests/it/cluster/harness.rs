//! A cluster under test: several servers on one database.

use crate::{
    answer::Answer,
    program::{Finished, finish, program},
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::StatusCode;
use serde_json::Value;
use std::{
    ops::Index,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

/// What the nodes of a test prove to each other.
pub(crate) const SECRET: &str = "nodes-of-one-test-know-this-4e1b";

/// Servers on one database, by name. When the test is over they end before the database does.
pub(crate) struct Cluster {
    nodes: Vec<(String, Server)>,
    database: Arc<TestDatabase>,
}

impl Cluster {
    /// A cluster of nobody.
    pub(crate) async fn empty() -> Self {
        Self { nodes: Vec::new(), database: Arc::new(TestDatabase::create().await) }
    }

    /// Nodes with these names and roles, settled.
    pub(crate) async fn of(nodes: &[(&str, &str)]) -> Self {
        let mut cluster = Self::empty().await;
        for (name, role) in nodes {
            cluster.join(name, role, &[]);
        }
        cluster.settled().await;
        cluster
    }

    /// Starts one more node and waits until it joined.
    pub(crate) fn join(&mut self, name: &str, role: &str, environment: &[(&str, &str)]) -> &Server {
        let server = Server::launch(self.setting(name, role, environment));
        self.nodes.push((name.to_owned(), server));
        &self.nodes.last().expect("just pushed").1
    }

    /// What a node of this name and role runs on.
    pub(crate) fn setting(&self, name: &str, role: &str, environment: &[(&str, &str)]) -> Setting {
        let address = free_address();
        let own = [("ROLE", role), ("NODE_ID", name), ("NODE_ADDRESS", address.as_str()), ("CLUSTER_SECRET", SECRET)];
        let all: Vec<(&str, &str)> = own.into_iter().chain(environment.iter().copied()).collect();
        Setting::sharing(self.database.clone(), &all)
    }

    pub(crate) fn server_mut(&mut self, name: &str) -> &mut Server {
        let found = self.nodes.iter_mut().find(|(known, _)| known == name);
        &mut found.unwrap_or_else(|| panic!("no node {name}")).1
    }

    /// Takes a node out of the cluster's hands, so that the cluster doesn't wait for it to settle.
    pub(crate) fn take(&mut self, name: &str) -> Server {
        let place = self.nodes.iter().position(|(known, _)| known == name).unwrap_or_else(|| panic!("no node {name}"));
        self.nodes.remove(place).1
    }

    /// The cluster as a node sees it.
    pub(crate) async fn report(&self, by: &str) -> Value {
        let answer = self[by].get("/api/ops/cluster").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    /// Waits until the cluster is as wanted in the eyes of a node.
    pub(crate) async fn until(&self, by: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let server = &self[by];
        server.until_answer("/api/ops/cluster", |answer| answer.status == StatusCode::OK && wanted(&answer.body)).await.body
    }

    /// Waits until every node that answers clients sees all nodes alive, all shards owned and shared out, and its links up.
    pub(crate) async fn settled(&self) {
        for (name, server) in &self.nodes {
            let probe = server.get("/api/ops/cluster").await;
            if probe.body["code"] != "node.serves_no_clients" {
                self.until(name, |report| self.nodes.iter().all(|(node, _)| is_settled(report, node))).await;
            }
        }
    }

    /// Runs the binary with these arguments against a node.
    pub(crate) fn command(&self, by: &str, arguments: &[&str]) -> Finished {
        let mut command = program();
        command.args(arguments).args(["--url", &self[by].url]);
        finish(command)
    }
}

impl Index<&str> for Cluster {
    type Output = Server;

    fn index(&self, name: &str) -> &Server {
        let found = self.nodes.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no node {name}")).1
    }
}

/// A node's line in the report.
pub(crate) fn node<'a>(report: &'a Value, name: &str) -> &'a Value {
    let nodes = report["nodes"].as_array().unwrap_or_else(|| panic!("no nodes: {report:#}"));
    nodes.iter().find(|node| node["name"] == name).unwrap_or(&Value::Null)
}

/// How many shards a node owns.
pub(crate) fn shards(report: &Value, name: &str) -> u64 {
    node(report, name)["shards"].as_u64().unwrap_or_default()
}

/// Rendezvous hashing gives every owner a share, and never one of less than half the mean.
fn is_settled(report: &Value, name: &str) -> bool {
    let line = node(report, name);
    let is_owner = |node: &Value| node["state"] == "live" && ["worker", "all-in-one"].iter().any(|role| node["roles"][0] == *role);
    let owners = report["nodes"].as_array().into_iter().flatten().filter(|node| is_owner(node)).count() as u64;
    let count = report["shardCount"].as_u64().unwrap_or_default();
    let has_share = !is_owner(line) || shards(report, name) >= count / (owners * 2).max(1);
    let is_linked = line["link"].is_null() || line["link"]["state"] == "up";
    line["state"] == "live" && report["shards"]["unowned"] == 0 && has_share && is_linked
}

/// An address that nobody else uses: all of 127.0.0.0/8 is this machine, every test is a process of its own, and the kernel
/// hands out no port below 32768 by itself.
fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}:{}", 64 + high % 64, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Asks a server directly, again and again, until it says what is wanted.
pub(crate) async fn until_ready(server: &Server, ready: bool) -> Answer {
    let wanted = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    server.until_answer("/readyz", |answer| answer.status == wanted).await
}
