//! Finds checks that are due in the shards of this node: retries, re-validations, and whatever a dead owner left behind.

use super::ByokMsg;
use crate::{
    node::{Shared, activate},
    supervise::{EntityRef, Mail, Start, contain},
};
use cowork_domain::ids::SecretId;
use dashmap::DashSet;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Works until the node stops.
pub(crate) async fn keep_checks(shared: Arc<Shared>) {
    let options = shared.options.key_checks;
    let under_way: Arc<DashSet<SecretId>> = Arc::default();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(options.look_every)) => {}
        }
        let Some(owned) = shared.ownership.now().filter(|owned| !owned.epochs.is_empty()) else { continue };
        let shards: Vec<_> = owned.epochs.keys().copied().collect();
        let limit = u32::try_from(options.concurrent + under_way.len()).unwrap_or(u32::MAX);
        let due = match shared.store.due_byok_checks(&shards, shared.clock.now(), limit).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "due checks of provider keys can't be read now");
                continue;
            }
        };
        for secret in due {
            if under_way.len() >= options.concurrent || !under_way.insert(secret) {
                continue;
            }
            let (shared, under_way) = (shared.clone(), under_way.clone());
            shared.clone().tasks.spawn(async move {
                contain("byok_check", run(&shared, secret)).await;
                under_way.remove(&secret);
            });
        }
    }
}

/// A failure is the supervisor's business; the row stays due.
async fn run(shared: &Arc<Shared>, secret: SecretId) {
    let Ok(EntityRef::Byok { actor }) = activate(shared, Start::Byok(secret)).await else { return };
    let (reply, done) = oneshot::channel();
    actor.cast(Mail::new(ByokMsg::Check { reply })).ok();
    tokio::select! {
        _ = done => {}
        () = shared.stop.cancelled() => {}
    }
}
