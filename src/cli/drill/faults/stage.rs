//! Where a fault is played: the cluster, the sessions under load, and what is written down.

use crate::cli::drill::{
    cluster::{Cluster, Ownership, Part},
    dice::Dice,
    history::{Affected, Incident, Moment, Stopwatch},
};
use anyhow::{Context, bail};
use cowork_domain::ids::{Incarnation, SessionId};
use cowork_store::{Store, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

const READING_AT_ONCE: usize = 4;
/// With this many sessions busy there are turns to lose.
const BUSY_PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(10);
/// A look into a database that has just restarted may meet connections of before.
const READING_PATIENCE: Duration = Duration::from_secs(5);

/// What a fault works with.
pub(in super::super) struct Stage<'a> {
    pub(super) cluster: &'a mut Cluster,
    /// Those under load.
    sessions: BTreeSet<SessionId>,
    stopwatch: Stopwatch,
    pub(super) dice: &'a mut Dice,
    incidents: Vec<Incident>,
    proofs: Vec<String>,
}

/// A node about to be disturbed.
#[derive(Debug)]
pub(super) struct Victim {
    pub(super) name: String,
    /// The life that the fault ends or disturbs.
    pub(super) life: Incarnation,
    /// Sessions with unfinished work there.
    pub(super) busy: Vec<SessionId>,
}

impl<'a> Stage<'a> {
    pub(in super::super) fn new(cluster: &'a mut Cluster, sessions: BTreeSet<SessionId>, stopwatch: Stopwatch, dice: &'a mut Dice) -> Self {
        Self { cluster, sessions, stopwatch, dice, incidents: Vec::new(), proofs: Vec::new() }
    }

    /// What was written down.
    pub(in super::super) fn finish(self) -> (Vec<Incident>, Vec<String>) {
        (self.incidents, self.proofs)
    }

    pub(super) fn store(&self) -> &Store {
        self.cluster.store()
    }

    /// The worker with the most busy sessions; waits until there is one with any.
    pub(super) async fn busiest_worker(&self) -> anyhow::Result<Victim> {
        let deadline = Instant::now() + BUSY_PATIENCE;
        let workers: BTreeSet<String> = self.cluster.names(Part::Worker).into_iter().collect();
        loop {
            let (ownership, busy) = self.busy_by_node().await?;
            let busiest = busy.into_iter().filter(|(node, _)| workers.contains(node)).max_by_key(|(_, sessions)| sessions.len());
            if let Some((name, busy)) = busiest
                && let Some(life) = ownership.incarnation(&name)
            {
                return Ok(Victim { name, life, busy });
            }
            if Instant::now() > deadline {
                bail!("no worker had anything to do for {BUSY_PATIENCE:?}: raise --rate");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// A given worker as it is now, busy or not.
    pub(super) async fn worker(&self, name: &str) -> anyhow::Result<Victim> {
        let (ownership, mut busy) = self.busy_by_node().await?;
        let life = ownership.incarnation(name).with_context(|| format!("worker {name} owns nothing"))?;
        Ok(Victim { name: name.to_owned(), life, busy: busy.remove(name).unwrap_or_default() })
    }

    /// All sessions under load that have unfinished work.
    pub(super) async fn all_busy(&self) -> anyhow::Result<Vec<SessionId>> {
        Ok(self.busy_by_node().await?.1.into_values().flatten().collect())
    }

    /// Writes down that a node was disturbed at `at`. Of the sessions that were busy there those count
    /// whose work isn't done yet, and their next event is the one after what the log holds now.
    pub(super) async fn incident(&mut self, at: Moment, node: &str, busy: &[SessionId]) -> anyhow::Result<()> {
        let unfinished = self.unfinished().await?.1;
        let store = self.store();
        let heads = stream::iter(busy.iter().copied().filter(|session| unfinished.contains(session))).map(|session| async move {
            let bounds = patiently(async || store.session_bounds(session).await).await.context("a session's log can't be read")?;
            anyhow::Ok(Affected { session, head: bounds.latest.0 })
        });
        let affected = heads.buffered(READING_AT_ONCE).try_collect().await?;
        self.incidents.push(Incident { at, node: node.to_owned(), affected });
        Ok(())
    }

    /// Writes down what showed that the fault took place.
    pub(super) fn prove(&mut self, proof: String) {
        self.proofs.push(proof);
    }

    pub(super) fn now(&self) -> Moment {
        self.stopwatch.now()
    }

    async fn busy_by_node(&self) -> anyhow::Result<(Ownership, BTreeMap<String, Vec<SessionId>>)> {
        let (ownership, unfinished) = self.unfinished().await?;
        let mut by_node: BTreeMap<String, Vec<SessionId>> = BTreeMap::new();
        for session in unfinished {
            if let Some(owner) = ownership.owner(session) {
                by_node.entry(owner.to_owned()).or_default().push(session);
            }
        }
        Ok((ownership, by_node))
    }

    async fn unfinished(&self) -> anyhow::Result<(Ownership, BTreeSet<SessionId>)> {
        let store = self.store();
        let ownership = patiently(async || Ownership::read(store).await).await.context("the cluster's rows can't be read")?;
        let shards = ownership.shards();
        let unfinished =
            patiently(async || store.sessions_with_unfinished_commands(&shards).await).await.context("the commands can't be read")?;
        let ours = unfinished.into_iter().filter(|session| self.sessions.contains(session)).collect();
        Ok((ownership, ours))
    }
}

/// Reads until the database answers.
async fn patiently<T>(read: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let deadline = Instant::now() + READING_PATIENCE;
    loop {
        match read().await {
            Err(error) if error.is_transient() && Instant::now() < deadline => tokio::time::sleep(GLANCE).await,
            read => return read,
        }
    }
}
