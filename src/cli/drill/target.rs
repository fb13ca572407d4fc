//! What is drilled: a cluster of our own, or one that somebody else runs.

use super::{
    cluster::{Cluster, ClusterPlan},
    dice::Dice,
    faults::{FaultKind, Stage},
    history::{Incident, Stopwatch},
    options::FailoverArgs,
};
use anyhow::Context;
use cowork_domain::ids::SessionId;
use cowork_store::{Store, StoreOptions};
use std::{collections::BTreeSet, path::Path, time::Duration};

/// A round without a fault takes about as long as one with.
const QUIET: Duration = Duration::from_secs(5);

/// Where the load goes.
pub(super) enum Target {
    Own(Box<Cluster>),
    Running { nodes: Vec<String>, store: Store },
}

/// What an injection saw.
#[derive(Debug, Default)]
pub(super) struct Injected {
    pub(super) incidents: Vec<Incident>,
    pub(super) proofs: Vec<String>,
    /// Why it doesn't count.
    pub(super) failed: Option<String>,
}

impl Target {
    /// Starts a cluster, or connects to the database of the one that runs.
    pub(super) async fn open(args: &FailoverArgs, header_secret: &str, dice: &mut Dice) -> anyhow::Result<Self> {
        if let Some(url) = args.database_url.as_ref().filter(|_| !args.url.is_empty()) {
            let store = Store::connect(StoreOptions::new(url)).await.context("the cluster's database can't be used")?;
            let nodes = args.url.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
            return Ok(Self::Running { nodes, store });
        }
        let plan = ClusterPlan {
            workers: args.workers.into(),
            webs: args.webs.into(),
            lease: args.lease,
            header_secret: header_secret.to_owned(),
            cluster_secret: dice.secret(),
            operator_token: dice.secret(),
            keep: args.keep,
        };
        Ok(Self::Own(Box::new(plan.start().await?)))
    }

    pub(super) fn store(&self) -> &Store {
        match self {
            Self::Own(cluster) => cluster.store(),
            Self::Running { store, .. } => store,
        }
    }

    /// The web nodes.
    pub(super) fn nodes(&self) -> Vec<String> {
        match self {
            Self::Own(cluster) => cluster.web_urls(),
            Self::Running { nodes, .. } => nodes.clone(),
        }
    }

    /// Where details may be left, if they are kept.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Own(cluster) => Some(cluster.folder()),
            Self::Running { .. } => None,
        }
    }

    /// Waits for the cluster to come to rest. We can't tell with one that isn't ours.
    pub(super) async fn settle(&mut self, patience: Duration) -> anyhow::Result<()> {
        match self {
            Self::Own(cluster) => cluster.settle(patience).await,
            Self::Running { .. } => Ok(()),
        }
    }

    /// The same before anything is disturbed.
    pub(super) async fn rest(&mut self, patience: Duration) -> anyhow::Result<()> {
        match self {
            Self::Own(cluster) => cluster.rest(patience).await,
            Self::Running { .. } => Ok(()),
        }
    }

    /// Injects a fault and undoes it, whether that goes well or not.
    pub(super) async fn disturb(
        &mut self,
        fault: FaultKind,
        sessions: &BTreeSet<SessionId>,
        stopwatch: Stopwatch,
        dice: &mut Dice,
    ) -> Injected {
        let Self::Own(cluster) = self else {
            tokio::time::sleep(QUIET).await;
            return Injected::default();
        };
        if fault == FaultKind::Quiet {
            tokio::time::sleep(QUIET).await;
            return Injected::default();
        }
        let mut stage = Stage::new(cluster, sessions.clone(), stopwatch, dice);
        let mut failed = Box::pin(fault.inject(&mut stage)).await.err().map(|error| format!("{error:#}"));
        let (incidents, proofs) = stage.finish();
        if let Err(error) = cluster.repair().await {
            let first = failed.take().map_or_else(String::new, |failed| format!("{failed}; "));
            failed = Some(format!("{first}the cluster can't be repaired: {error:#}"));
        }
        Injected { incidents, proofs, failed }
    }

    /// Ends what is ours.
    pub(super) async fn close(self) {
        match self {
            Self::Own(cluster) => cluster.stop().await,
            Self::Running { store, .. } => store.close().await,
        }
    }
}
