//! A client's command.

use crate::{
    cluster::request::{Answer, Request, SubmittedAnswer},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::{SessionError, SessionMsg, SessionStart},
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::{
    ids::{CommandId, SessionId},
    principal::Principal,
    session::{CommandKind, CommandSource, Submission},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Gives a command to its session. The same id has one effect, however often it is sent.
pub(in crate::node) struct Submit {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) by: Principal,
    pub(in crate::node) session: SessionId,
    pub(in crate::node) command: CommandId,
    pub(in crate::node) kind: CommandKind,
    pub(in crate::node) source: CommandSource,
}

impl Routed for Submit {
    type Output = SubmittedAnswer;

    fn entity(&self) -> EntityKey {
        EntityKey::Session(self.session)
    }

    fn request(&self) -> Request {
        Request::Submit {
            by: Box::new(self.by.clone()),
            session: self.session,
            command: self.command,
            kind: self.kind.clone(),
            source: self.source.clone(),
        }
    }

    fn read(&self, answer: Answer) -> Option<SubmittedAnswer> {
        match answer {
            Answer::Submitted(submitted) => Some(submitted),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<SubmittedAnswer>, SessionError> {
        let entity = match activate(&self.shared, Start::Session(SessionStart::Existing(self.session))).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Session { actor, identity } = entity else { return Ok(Try::Again) };
        // The front door asked already; a node doesn't take another one's word for whose session it is.
        if !identity.belongs_to(&self.by) {
            return Err(SessionError::NotFound);
        }
        let (reply, submitted) = oneshot::channel();
        let submission =
            Box::new(Submission { id: self.command, kind: self.kind.clone(), by: self.by.clone(), source: self.source.clone() });
        if actor.cast(Mail::new(SessionMsg::Submit { submission, reply })).is_err() {
            return Ok(Try::Again);
        }
        let Ok(submitted) = submitted.await else { return Ok(Try::Again) };
        Ok(Try::Done(SubmittedAnswer {
            created_sequence: submitted.command.created_sequence,
            created_at: submitted.command.created_at,
            processed: submitted.processed,
            fence: submitted.fence,
            view: Some(submitted.view),
        }))
    }
}
