//! Waiting for the cluster to come to rest.

use super::{
    Cluster, Ownership, Part,
    view::{ClusterView, links_up},
};
use anyhow::{Context, bail, ensure};
use cowork_domain::ids::Incarnation;
use http::StatusCode;
use std::time::{Duration, Instant};

const GLANCE: Duration = Duration::from_millis(50);
/// Each look costs the database about a millisecond, which the cluster needs just then.
const TAKE_OVER_GLANCE: Duration = Duration::from_millis(15);
const LEASE_MARGIN: Duration = Duration::from_secs(1);
/// An answer takes no longer, even while a node waits for the database.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// Shards move in groups: rest means that this many looks in a row saw nothing amiss.
const LOOKS: u32 = 5;

impl Cluster {
    /// Waits until everybody is alive, linked with each worker, and every shard is where it belongs.
    pub(in super::super) async fn settle(&mut self, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        let mut calm = 0;
        loop {
            match self.unsettled().await {
                Ok(None) => calm += 1,
                Ok(Some(reason)) if Instant::now() > deadline => bail!("the cluster doesn't settle within {patience:?}: {reason}"),
                Err(error) if Instant::now() > deadline => return Err(error.context("the cluster doesn't settle")),
                Ok(Some(_)) | Err(_) => calm = 0,
            }
            if calm >= LOOKS {
                return Ok(());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits for the cluster to come to rest, and for the moment from which the end of a process counts as
    /// its death: for the length of a lease after a start of the database nobody is taken for dead early.
    pub(in super::super) async fn rest(&mut self, patience: Duration) -> anyhow::Result<()> {
        self.settle(patience).await?;
        tokio::time::sleep((self.lease + LEASE_MARGIN).saturating_sub(self.database_started.elapsed())).await;
        Ok(())
    }

    /// Waits until a life of a node owns nothing any more and others own everything.
    pub(in super::super) async fn until_taken_over(&self, node: &str, life: Incarnation, patience: Duration) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        loop {
            // The database may be what is disturbed.
            if let Ok(ownership) = Ownership::read(&self.store).await
                && ownership.is_taken_from(node, life)
            {
                return Ok(begin.elapsed());
            }
            ensure!(begin.elapsed() < patience, "nobody took over from {node} within {patience:?}");
            tokio::time::sleep(TAKE_OVER_GLANCE).await;
        }
    }

    /// Whether a node counts its link to a peer as up.
    pub(in super::super) async fn is_linked(&self, node: &str, peer: &str) -> anyhow::Result<bool> {
        let scrape = self.get(&self.node(node)?.url, "/metrics").await?;
        links_up(&scrape).get(peer).copied().with_context(|| format!("{node} says nothing of a link to {peer}"))
    }

    async fn unsettled(&mut self) -> anyhow::Result<Option<String>> {
        for node in &mut self.nodes {
            if node.has_ended().await {
                return Ok(Some(format!("node {} ended by itself; see {}", node.name, node.launch.log.display())));
            }
        }
        let workers = self.names(Part::Worker);
        let workers: Vec<&str> = workers.iter().map(String::as_str).collect();
        let others: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).filter(|name| !workers.contains(name)).collect();
        for web in self.nodes.iter().filter(|node| node.part == Part::Web) {
            let view = self.get(&web.url, "/api/ops/cluster").await?;
            let view: ClusterView = serde_json::from_str(&view).context("the view of the cluster is not understood")?;
            if let Some(reason) = view.unsettled(&workers, &others) {
                return Ok(Some(format!("{reason}, says {}", web.name)));
            }
        }
        for node in &self.nodes {
            self.get(&node.url, "/readyz").await?;
            let scrape = self.get(&node.url, "/metrics").await?;
            let links = links_up(&scrape);
            for worker in workers.iter().filter(|worker| **worker != node.name) {
                if links.get(worker) != Some(&true) {
                    return Ok(Some(format!("the link from {} to {worker} is not up", node.name)));
                }
            }
        }
        Ok(None)
    }

    async fn get(&self, url: &str, path: &str) -> anyhow::Result<String> {
        let url = format!("{url}{path}");
        let asking = tokio::time::timeout(ANSWER_PATIENCE, self.http.get(&url, &self.operator_token)).await;
        let answer = asking.with_context(|| format!("{url} doesn't answer"))?.with_context(|| url.clone())?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == StatusCode::OK, "{url} answers {}: {text}", answer.status);
        Ok(text)
    }
}
