//! Word of a new message in a chat.

use crate::{
    binding::BindingMsg,
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::channel::ids::ChannelBindingId;
use std::sync::Arc;

/// Wakes a binding that has a message to make a prompt of. The message itself stands in its row.
pub(in crate::node) struct InboxFilled {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) binding: ChannelBindingId,
}

impl Routed for InboxFilled {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Binding(self.binding.clone())
    }

    fn request(&self) -> Request {
        Request::InboxFilled { binding: self.binding.clone() }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Heard).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        let entity = match activate(&self.shared, Start::Binding(self.binding.clone())).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Binding { actor } = entity else { return Ok(Try::Again) };
        Ok(actor.cast(Mail::new(BindingMsg::InboxFilled)).map_or(Try::Again, Try::Done))
    }
}
