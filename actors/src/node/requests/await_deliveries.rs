//! Waiting for something to deliver.

use crate::{
    binding::{BindingMsg, Look},
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try, activate},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::channel::ids::ChannelBindingId;
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Returns when it pays to look for deliveries again: the binding's are not as they were `seen`, the binding's actor ended, or
/// the wait is over. It claims nothing, so that whoever asked and went away has taken nothing with them.
pub(in crate::node) struct AwaitDeliveries {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) binding: ChannelBindingId,
    pub(in crate::node) seen: Look,
    pub(in crate::node) wait: Duration,
}

impl Routed for AwaitDeliveries {
    type Output = ();

    fn entity(&self) -> EntityKey {
        EntityKey::Binding(self.binding.clone())
    }

    fn request(&self) -> Request {
        let wait_millis = u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX);
        Request::AwaitDeliveries { binding: self.binding.clone(), seen: self.seen, wait_millis }
    }

    fn read(&self, answer: Answer) -> Option<()> {
        matches!(answer, Answer::Look).then_some(())
    }

    async fn perform(&self) -> Result<Try<()>, SessionError> {
        let entity = match activate(&self.shared, Start::Binding(self.binding.clone())).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Binding { actor } = entity else { return Ok(Try::Again) };
        let (reply, watch) = oneshot::channel();
        actor.cast(Mail::new(BindingMsg::WatchDeliveries { reply })).ok();
        let Ok(mut watch) = watch.await else { return Ok(Try::Again) };
        tokio::select! {
            _ = watch.wait_for(|look| *look != self.seen) => {}
            () = tokio::time::sleep(self.wait) => {}
            () = self.shared.stop.cancelled() => {}
        }
        Ok(Try::Done(()))
    }
}
