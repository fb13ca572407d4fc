//! A change of an artifact.

use crate::{
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::{SessionError, SessionMsg, SessionStart},
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::{
    artifact::{ArtifactChange, ArtifactRefusal},
    event::ArtifactRecord,
    ids::SessionId,
    principal::Principal,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Gives a change to the session that has the artifact.
pub(in crate::node) struct ChangeArtifact {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) by: Principal,
    pub(in crate::node) session: SessionId,
    pub(in crate::node) change: ArtifactChange,
}

impl Routed for ChangeArtifact {
    type Output = Result<ArtifactRecord, ArtifactRefusal>;

    fn entity(&self) -> EntityKey {
        EntityKey::Session(self.session)
    }

    fn request(&self) -> Request {
        Request::Artifact { by: Box::new(self.by.clone()), session: self.session, change: self.change.clone() }
    }

    fn read(&self, answer: Answer) -> Option<Self::Output> {
        match answer {
            Answer::Artifact(changed) => Some(changed.map(|record| *record)),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<Self::Output>, SessionError> {
        let entity = match activate(&self.shared, Start::Session(SessionStart::Existing(self.session))).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Session { actor, identity } = entity else { return Ok(Try::Again) };
        // The front door asked already; a node doesn't take another one's word for whose session it is.
        if !identity.belongs_to(&self.by) {
            return Err(SessionError::NotFound);
        }
        let (reply, changed) = oneshot::channel();
        if actor.cast(Mail::new(SessionMsg::Artifact { change: self.change.clone(), reply })).is_err() {
            return Ok(Try::Again);
        }
        Ok(changed.await.map_or(Try::Again, Try::Done))
    }
}
