//! Claiming deliveries.

use crate::{
    binding::{BindingMsg, ClaimReply},
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::channel::delivery::ClaimOrder;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Has the owner of a binding claim what is due. The answer only says how many: deliveries don't fit into frames, and any node
/// reads them by their claim.
pub(in crate::node) struct ClaimDeliveries {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) order: ClaimOrder,
}

impl Routed for ClaimDeliveries {
    type Output = ClaimReply;

    fn entity(&self) -> EntityKey {
        EntityKey::Binding(self.order.binding.clone())
    }

    fn request(&self) -> Request {
        Request::ClaimDeliveries(Box::new(self.order.clone()))
    }

    fn read(&self, answer: Answer) -> Option<ClaimReply> {
        match answer {
            Answer::Claimed(reply) => Some(reply),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<ClaimReply>, SessionError> {
        let entity = match activate(&self.shared, Start::Binding(self.order.binding.clone())).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Binding { actor } = entity else { return Ok(Try::Again) };
        let (reply, claimed) = oneshot::channel();
        actor.cast(Mail::new(BindingMsg::ClaimDeliveries { order: Box::new(self.order.clone()), reply })).ok();
        Ok(claimed.await.map_or(Try::Again, Try::Done))
    }

    fn tried(&mut self) {
        self.order.again = true;
    }
}
