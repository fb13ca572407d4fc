//! When each node was last heard of, and what it is at work on.

use crate::{Store, StoreError};
use cowork_domain::{
    ids::{OrgId, SessionId},
    timestamp::Timestamp,
};

/// More sessions of one node than this are not listed.
const MOST_SESSIONS: i64 = 500;

/// A node that has not left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHeartbeat {
    /// Its name.
    pub name: String,
    /// What it does.
    pub roles: Vec<String>,
    /// When its lease ends, which every renewal pushes on.
    pub lease_expires_at: Timestamp,
    /// Sessions of the asking organisation with a running command.
    pub sessions: Vec<SessionId>,
}

impl Store {
    /// The nodes of the cluster by name. Sessions are those of one organisation; none means all, for whoever runs the machinery.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn node_heartbeats(&self, org: Option<&OrgId>) -> Result<Vec<NodeHeartbeat>, StoreError> {
        let rows = sqlx::query!(
            r#"select n.name, n.roles, n.lease_expires_at,
                      array(select distinct c.session from shards s join commands c on c.shard = s.shard and c.status = 'running'
                             where s.owner = n.node and s.owner_incarnation = n.incarnation and ($1::text is null or c.org = $1)
                             limit $2) as "sessions!"
                 from nodes n where not n.has_left order by n.name"#,
            org.map(OrgId::as_str),
            MOST_SESSIONS
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| NodeHeartbeat {
            name: row.name,
            roles: row.roles,
            lease_expires_at: row.lease_expires_at.into(),
            sessions: row.sessions.into_iter().map(SessionId::from_uuid).collect(),
        });
        Ok(read.collect())
    }
}
