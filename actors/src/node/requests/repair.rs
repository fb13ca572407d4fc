//! Rebuilding a projection from its log.

use crate::{
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::{SessionError, SessionMsg, SessionStart},
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::ids::{Sequence, SessionId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Folds the whole log again; answers where the projection was before.
pub(in crate::node) struct Repair {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) session: SessionId,
}

impl Routed for Repair {
    type Output = Sequence;

    fn entity(&self) -> EntityKey {
        EntityKey::Session(self.session)
    }

    fn request(&self) -> Request {
        Request::Repair { session: self.session }
    }

    fn read(&self, answer: Answer) -> Option<Sequence> {
        match answer {
            Answer::Repaired { before } => Some(before),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<Sequence>, SessionError> {
        let entity = match activate(&self.shared, Start::Session(SessionStart::Existing(self.session))).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Session { actor, .. } = entity else { return Ok(Try::Again) };
        let (reply, repaired) = oneshot::channel();
        actor.cast(Mail::new(SessionMsg::Repair { reply })).ok();
        Ok(repaired.await.map_or(Try::Again, Try::Done))
    }
}
