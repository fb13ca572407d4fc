//! Checking a provider key.

use crate::{
    byok::ByokMsg,
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::ids::SecretId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Runs the check of a key that is due, and answers when nothing is left to do.
pub(in crate::node) struct CheckKey {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) secret: SecretId,
}

impl Routed for CheckKey {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Byok(self.secret)
    }

    fn request(&self) -> Request {
        Request::CheckKey { secret: self.secret }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Checked).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        let entity = match activate(&self.shared, Start::Byok(self.secret)).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Byok { actor } = entity else { return Ok(Try::Again) };
        let (reply, checked) = oneshot::channel();
        actor.cast(Mail::new(ByokMsg::Check { reply })).ok();
        Ok(checked.await.map_or(Try::Again, Try::Done))
    }
}
