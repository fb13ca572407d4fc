//! Reads. They never need the owner: a live session answers from memory, any other from snapshot and
//! tail, without being activated (architecture §5).

use super::{NodeHandle, Shared, requests::Repair, route::at_owner};
use crate::{
    cluster::Place,
    session::{SessionError, SessionMsg, ViewShape, fold},
    supervise::{EntityKey, EntityRef, Mail},
};
use cowork_domain::{
    ids::{Sequence, SessionId},
    principal::Principal,
    session::SessionIdentity,
    timestamp::Timestamp,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How the projection stands against the log (contract 01, projection-status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Events in the log.
    pub event_count: u64,
    /// Sequence of the newest.
    pub latest_event_sequence: Sequence,
    /// Sequence of the last folded one.
    pub projection_sequence: Sequence,
    /// When the session last changed.
    pub projection_updated_at: Option<Timestamp>,
}

/// What a rebuild of the projection found (contract 01, projection-repair).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectionRepair {
    /// Events in the log.
    pub event_count: u64,
    /// Of them in the user's stream: all.
    pub workspace_event_count: u64,
    /// Sequence of the newest.
    pub latest_event_sequence: Sequence,
    /// Where the projection was before.
    pub prior_projection_sequence: Sequence,
    /// Where it is now.
    pub projection_sequence: Sequence,
}

impl NodeHandle {
    /// The session as JSON, in the wanted envelope.
    pub async fn read_session(&self, by: &Principal, session: SessionId, shape: ViewShape) -> Result<String, SessionError> {
        self.authorise(by, session).await?;
        if let Some(EntityRef::Session { actor, .. }) = self.shared.table.get(&EntityKey::Session(session)) {
            let (reply, read) = oneshot::channel();
            actor.cast(Mail::new(SessionMsg::Read { shape, reply })).ok();
            if let Ok(view) = read.await {
                return Ok(view);
            }
        }
        let loaded = self.shared.store.load_session(session).await.map_err(|_| SessionError::Unavailable)?;
        let drawn = fold(loaded.ok_or(SessionError::NotFound)?, &self.shared.heavy, move |state, _| shape.draw(&state)).await;
        drawn.map_err(|failure| {
            tracing::error!(%session, %failure, "a session's log can't be read");
            SessionError::Quarantined { code: failure.code.into() }
        })
    }

    /// How far the projection is.
    pub async fn projection_status(&self, by: &Principal, session: SessionId) -> Result<ProjectionStatus, SessionError> {
        self.authorise(by, session).await?;
        let bounds = self.shared.store.session_bounds(session).await.map_err(|_| SessionError::Unavailable)?;
        let head = self.shared.store.session_head(session).await.map_err(|_| SessionError::Unavailable)?.ok_or(SessionError::NotFound)?;
        Ok(ProjectionStatus {
            event_count: bounds.count,
            latest_event_sequence: bounds.latest,
            projection_sequence: head.last_sequence,
            projection_updated_at: Some(head.updated_at),
        })
    }

    /// Folds the whole log again and replaces the projection.
    pub async fn projection_repair(&self, by: &Principal, session: SessionId) -> Result<ProjectionRepair, SessionError> {
        self.authorise(by, session).await?;
        let prior = at_owner(&self.shared, Repair { shared: self.shared.clone(), session }).await?;
        let bounds = self.shared.store.session_bounds(session).await.map_err(|_| SessionError::Unavailable)?;
        Ok(ProjectionRepair {
            event_count: bounds.count,
            workspace_event_count: bounds.count,
            latest_event_sequence: bounds.latest,
            prior_projection_sequence: prior,
            projection_sequence: bounds.latest,
        })
    }

    /// Whose session it is. A session of somebody else does not exist for the caller (contract 01).
    pub(super) async fn authorise(&self, by: &Principal, session: SessionId) -> Result<Arc<SessionIdentity>, SessionError> {
        let Shared { table, hub, elsewhere, store, .. } = &*self.shared;
        let known = table.identity(session).or_else(|| hub.known_identity(session)).or_else(|| elsewhere.get(session));
        let identity = if let Some(identity) = known {
            identity
        } else {
            let head = store.session_head(session).await.map_err(|_| SessionError::Unavailable)?;
            let identity = Arc::new(head.ok_or(SessionError::NotFound)?.identity);
            if matches!(self.shared.place(&EntityKey::Session(session)), Place::Peer(_)) {
                elsewhere.put(identity.clone());
            }
            identity
        };
        identity.belongs_to(by).then_some(identity).ok_or(SessionError::NotFound)
    }
}
