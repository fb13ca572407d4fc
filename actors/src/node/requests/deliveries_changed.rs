//! Word of changed deliveries.

use crate::{
    binding::BindingMsg,
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail},
};
use cowork_domain::channel::ids::ChannelBindingId;
use std::sync::Arc;

/// Tells those who wait for a binding's deliveries. Where nobody waits there is no actor, and none is started for this.
pub(in crate::node) struct DeliveriesChanged {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) binding: ChannelBindingId,
}

impl Routed for DeliveriesChanged {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Binding(self.binding.clone())
    }

    fn request(&self) -> Request {
        Request::DeliveriesChanged { binding: self.binding.clone() }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Heard).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        if let Some(EntityRef::Binding { actor }) = self.shared.table.get(&self.entity()) {
            actor.cast(Mail::new(BindingMsg::DeliveriesChanged)).ok();
        }
        Ok(Try::Done(()))
    }
}
