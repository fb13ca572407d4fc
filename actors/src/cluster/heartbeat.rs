//! Who does the work, and when each was last heard of (contract 02 §1). A node's heartbeat is the renewal of its lease.

use crate::{node::Shared, session::SessionError};
use cowork_domain::{
    ids::{OrgId, SessionId},
    timestamp::Timestamp,
};
use serde::Serialize;

/// A node that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// The node's name.
    pub worker_id: String,
    /// `worker` or `scheduler`.
    pub role: &'static str,
    /// Sessions that it is at work on, as far as whoever asks may know of them.
    pub active_session_ids: Vec<SessionId>,
    /// When it last renewed its lease.
    pub last_seen_at: Timestamp,
}

impl Heartbeat {
    pub(crate) async fn all(shared: &Shared, org: Option<&OrgId>) -> Result<Vec<Self>, SessionError> {
        let rows = shared.store.node_heartbeats(org).await.map_err(|_| SessionError::Unavailable)?;
        let lease = i64::try_from(shared.options.lease.as_millis()).unwrap_or(i64::MAX);
        let mut heartbeats = Vec::new();
        for row in rows {
            let does = |role: &str| row.roles.iter().any(|does| does == role);
            // A node that only serves clients does no work that it could be stuck with.
            let role = match (does("worker") || does("all-in-one"), does("scheduler")) {
                (true, _) => "worker",
                (false, true) => "scheduler",
                (false, false) => continue,
            };
            let last_seen_at = row.lease_expires_at.plus_millis(-lease);
            heartbeats.push(Self { worker_id: row.name, role, active_session_ids: row.sessions, last_seen_at });
        }
        Ok(heartbeats)
    }
}
