//! What operators ask of the whole cluster.

use super::{NodeHandle, Shared};
use crate::{
    ClusterReport, Heartbeat,
    cluster::request::{Answer, Request},
    session::SessionError,
    supervise::SupervisionReport,
};
use cowork_domain::ids::OrgId;
use serde::Serialize;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// How long a node may take for its report.
const REPORT_PATIENCE: Duration = Duration::from_secs(2);

/// The actor trees of all nodes. The fields of the answering node stand at the top as well.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSupervision {
    #[serde(flatten)]
    answering: SupervisionReport,
    nodes: Vec<NodeSupervision>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeSupervision {
    name: String,
    /// Whether its report came in time.
    reachable: bool,
    report: Option<Value>,
}

impl NodeHandle {
    /// The cluster as the database says that it is, with this node's links.
    pub async fn cluster_report(&self) -> Result<ClusterReport, SessionError> {
        ClusterReport::of(&self.shared).await
    }

    /// Which nodes work and when each was last heard of, with the sessions of one organisation; none means all of them.
    pub async fn heartbeats(&self, org: Option<&OrgId>) -> Result<Vec<Heartbeat>, SessionError> {
        Heartbeat::all(&self.shared, org).await
    }

    /// The actor trees of all nodes. One that doesn't answer is marked.
    pub async fn cluster_supervision(&self) -> ClusterSupervision {
        let answering = self.supervision().await;
        let picture = self.shared.picture.now();
        let names = picture.iter().flat_map(|picture| picture.nodes.iter()).filter(|row| !row.has_left).map(|row| row.name.clone());
        let reports = names.map(|name| supervision_of(&self.shared, name, &answering));
        ClusterSupervision { nodes: futures_util::future::join_all(reports).await, answering }
    }

    /// Lets a node give its shards away and take no others, or ends that. `false`: there is no such node.
    pub async fn drain_node(&self, name: &str, draining: bool) -> Result<bool, SessionError> {
        self.shared.store.set_draining(name, draining).await.map_err(|_| SessionError::Unavailable)
    }

    /// Forgets a node that is gone for good. `false`: it lives, owns shards, or is not known.
    pub async fn forget_node(&self, name: &str) -> Result<bool, SessionError> {
        self.shared.store.remove_node(name).await.map_err(|_| SessionError::Unavailable)
    }
}

async fn supervision_of(shared: &Arc<Shared>, name: String, own: &SupervisionReport) -> NodeSupervision {
    let report = if name == shared.options.name {
        serde_json::to_value(own).ok()
    } else {
        let deadline = shared.clock.instant() + REPORT_PATIENCE;
        match shared.remote.ask(&name, &Request::Supervision, deadline).await {
            Ok(Answer::Supervision(report)) => Some(report),
            _ => None,
        }
    };
    NodeSupervision { name, reachable: report.is_some(), report }
}

impl Shared {
    /// Whether another node could take what this one owns.
    pub(super) fn has_successor(&self) -> bool {
        let picture = self.picture.now();
        picture.is_some_and(|picture| picture.takers().any(|row| row.name != self.options.name))
    }

    /// Whether this node still owns something, or others have not taken up all of it.
    pub(super) fn is_handing_over(&self) -> bool {
        self.owns_anything() || self.picture.now().is_some_and(|picture| picture.unowned() > 0)
    }

    /// Whether this node owns something.
    pub(crate) fn owns_anything(&self) -> bool {
        self.ownership.now().is_some_and(|owned| !owned.epochs.is_empty())
    }

    #[cfg(test)]
    pub(crate) fn is_here(&self, key: &crate::EntityKey) -> bool {
        self.place(key) == crate::cluster::Place::Here
    }
}
