//! Finds messages in the shards of this node that nobody works on: those that wait for another try, and whatever a dead owner
//! left behind.

use crate::{
    binding::BindingMsg,
    node::{Shared, activate},
    supervise::{EntityRef, Mail, Start},
};
use cowork_domain::channel::ids::ChannelBindingId;
use futures_util::{StreamExt, stream};
use std::{sync::Arc, time::Duration};

/// Between two looks. A message that nothing is wrong with doesn't wait for one.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Bindings that are woken in one go.
const WOKEN: u32 = 256;
/// Bindings that may be waited for at the same time.
const WOKEN_AT_ONCE: usize = 64;

/// Works until the node stops.
pub(crate) async fn keep_inbox(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(LOOK_EVERY)) => {}
        }
        let Some(owned) = shared.ownership.now().filter(|owned| !owned.epochs.is_empty()) else { continue };
        let shards: Vec<_> = owned.epochs.keys().copied().collect();
        let bindings = match shared.store.bindings_with_inbox(&shards, shared.clock.now(), WOKEN).await {
            Ok(bindings) => bindings,
            Err(error) => {
                tracing::warn!(%error, "inboxes of channels can't be read now");
                continue;
            }
        };
        // Beside each other: one that can't be loaded must not hold up the rest.
        stream::iter(bindings).for_each_concurrent(WOKEN_AT_ONCE, |binding| wake(&shared, binding)).await;
    }
}

async fn wake(shared: &Arc<Shared>, binding: ChannelBindingId) {
    if let Ok(EntityRef::Binding { actor }) = activate(shared, Start::Binding(binding)).await {
        actor.cast(Mail::new(BindingMsg::InboxFilled)).ok();
    }
}
