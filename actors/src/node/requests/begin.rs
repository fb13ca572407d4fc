//! Beginning a session.

use crate::{
    ViewShape,
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::{Birth, SessionError, SessionMsg, SessionStart},
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Begins a session, once for its id.
pub(in crate::node) struct Begin {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) birth: Birth,
}

impl Routed for Begin {
    /// The session's view as `CloudSessionView` JSON, if it was small enough to come along.
    type Output = Option<String>;

    fn entity(&self) -> EntityKey {
        EntityKey::Session(self.birth.id)
    }

    fn request(&self) -> Request {
        Request::Begin(Box::new(self.birth.clone()))
    }

    fn read(&self, answer: Answer) -> Option<Option<String>> {
        match answer {
            Answer::Begun { view } => Some(view),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<Option<String>>, SessionError> {
        let start = SessionStart::New { identity: self.birth.identity(), changes: Box::new(self.birth.changes()), retry: self.birth.retry };
        let entity = match activate(&self.shared, Start::Session(start)).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Session { actor, .. } = entity else { return Ok(Try::Again) };
        let (reply, view) = oneshot::channel();
        actor.cast(Mail::new(SessionMsg::Read { shape: ViewShape::Cloud, reply })).ok();
        Ok(view.await.map_or(Try::Again, |view| Try::Done(Some(view))))
    }

    fn tried(&mut self) {
        self.birth.retry = true;
    }
}
