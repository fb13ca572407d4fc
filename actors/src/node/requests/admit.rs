//! Asking an organisation whether more may be done.

use crate::{
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    org::OrgMsg,
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::{
    admission::Refusal,
    ids::{CommandId, OrgId, SessionId},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// May this prompt be enqueued? The same grant again is the same grant.
pub(in crate::node) struct AdmitPrompt {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) org: OrgId,
    pub(in crate::node) grant: CommandId,
    pub(in crate::node) session: SessionId,
}

/// May a session be created?
pub(in crate::node) struct AdmitSession {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) org: OrgId,
}

impl Routed for AdmitPrompt {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Org(self.org.clone())
    }

    fn request(&self) -> Request {
        Request::AdmitPrompt { org: self.org.clone(), grant: self.grant, session: self.session }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Admitted).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        ask(&self.shared, &self.org, |reply| OrgMsg::AdmitPrompt { grant: self.grant, session: self.session, reply }).await
    }
}

impl Routed for AdmitSession {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Org(self.org.clone())
    }

    fn request(&self) -> Request {
        Request::AdmitSession { org: self.org.clone() }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Admitted).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        ask(&self.shared, &self.org, |reply| OrgMsg::AdmitSession { reply }).await
    }
}

async fn ask(
    shared: &Arc<Shared>,
    org: &OrgId,
    question: impl FnOnce(oneshot::Sender<Result<(), Refusal>>) -> OrgMsg,
) -> Result<Try<()>, SessionError> {
    let entity = match activate(shared, Start::Org(org.clone())).await {
        Ok(entity) => entity,
        Err(error) => return Try::from_route(error),
    };
    let EntityRef::Org { actor } = entity else { return Ok(Try::Again) };
    let (reply, answer) = oneshot::channel();
    actor.cast(Mail::new(question(reply))).ok();
    match answer.await {
        Ok(admitted) => admitted.map(Try::Done).map_err(SessionError::Refused),
        Err(_) => Ok(Try::Again),
    }
}
