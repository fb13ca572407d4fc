//! Waiting for something to deliver.
//!
//! A wait claims nothing, so whoever gives it up has taken nothing with them. Nor has it to succeed: whoever waited looks
//! anyway, so it takes no part in the routing of requests.

use crate::{
    binding::{BindingMsg, Look},
    cluster::{Place, request::Request},
    node::{Shared, route::activate},
    supervise::{EntityKey, EntityRef, Mail, Start},
};
use cowork_domain::channel::ids::ChannelBindingId;
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Without a way to the owner there is nothing to wait at.
const PAUSE: Duration = Duration::from_secs(1);
/// What an answer may take to come back.
const WAY_BACK: Duration = Duration::from_secs(2);

/// Returns when it pays to look for deliveries again: the binding's are not as they were `seen`, its owner changed, or the wait
/// is over.
pub(in crate::node) async fn await_deliveries(shared: &Arc<Shared>, binding: ChannelBindingId, seen: Look, wait: Duration) {
    let key = EntityKey::Binding(binding.clone());
    match shared.place(&key) {
        Place::Here => await_deliveries_here(shared, &binding, seen, wait).await,
        Place::Peer(owner) => {
            let Ok(_permit) = shared.waits_elsewhere.try_acquire() else { return pause(shared, wait).await };
            let wait_millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let (request, deadline) = (Request::AwaitDeliveries { binding, seen, wait_millis }, shared.clock.instant() + wait + WAY_BACK);
            let answered = tokio::select! {
                answer = shared.remote.ask_quickly(&owner.name, &request, deadline) => answer.is_ok(),
                () = shared.whereabouts.moved(key.shard_key(), &owner) => true,
            };
            if !answered {
                pause(shared, wait).await;
            }
        }
        Place::NotNow => pause(shared, wait).await,
    }
}

/// As [`await_deliveries`], at this node.
pub(in crate::node) async fn await_deliveries_here(shared: &Arc<Shared>, binding: &ChannelBindingId, seen: Look, wait: Duration) {
    let Ok(EntityRef::Binding { actor }) = activate(shared, Start::Binding(binding.clone())).await else {
        return pause(shared, wait).await;
    };
    let (reply, watch) = oneshot::channel();
    actor.cast(Mail::new(BindingMsg::WatchDeliveries { reply })).ok();
    let Ok(mut watch) = watch.await else { return };
    tokio::select! {
        // An actor that ended is another reason to look.
        _ = watch.wait_for(|look| *look != seen) => {}
        () = tokio::time::sleep(wait) => {}
        () = shared.stop.cancelled() => {}
    }
}

async fn pause(shared: &Shared, wait: Duration) {
    tokio::select! {
        () = tokio::time::sleep(shared.clock.jitter(PAUSE).min(wait)) => {}
        () = shared.stop.cancelled() => {}
    }
}
