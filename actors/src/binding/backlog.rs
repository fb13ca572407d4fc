//! How much waits for gateways, told by one node for the whole cluster.

use crate::node::Shared;
use cowork_domain::{
    channel::{
        delivery::DeliveryStatus,
        provider::{ChannelProvider, KINDS},
    },
    ids::derived_uuid,
};
use cowork_store::Backlog;
use std::{collections::HashMap, sync::Arc, time::Duration};

const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Chat systems of no known kind.
const OTHER: &str = "other";
const WAITING: [DeliveryStatus; 3] = [DeliveryStatus::Pending, DeliveryStatus::Claimed, DeliveryStatus::Failed];

/// Works until the node stops.
pub(crate) async fn keep_backlog(shared: Arc<Shared>) {
    show(&[]);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(LOOK_EVERY)) => {}
        }
        // The owner of this shard tells. Whoever told before says nothing waits: a sum over all nodes stays right.
        if !is_teller(&shared) {
            show(&[]);
            continue;
        }
        match shared.store.delivery_backlog().await {
            Ok(backlog) => show(&backlog),
            Err(error) => tracing::warn!(%error, "the backlog of deliveries can't be read now"),
        }
    }
}

fn is_teller(shared: &Shared) -> bool {
    shared.ownership.now().is_some_and(|owned| owned.of(derived_uuid(&["delivery_backlog"])).is_some())
}

/// Every series is there all the time: an alert can't tell an absent one from a broken one.
#[expect(clippy::cast_precision_loss, reason = "a gauge needs no more than 53 bits")]
fn show(backlog: &[Backlog]) {
    let mut counts: HashMap<(&str, &str), u64> = HashMap::new();
    let mut oldest: HashMap<&str, f64> = HashMap::new();
    for part in backlog {
        let kind = kind_of(&part.provider);
        *counts.entry((kind, part.status.as_str())).or_default() += part.count;
        let age = oldest.entry(kind).or_default();
        *age = age.max(part.oldest.as_secs_f64());
    }
    for kind in KINDS.iter().map(|kind| kind.name).chain([OTHER]) {
        for status in WAITING.map(DeliveryStatus::as_str) {
            let count = counts.get(&(kind, status)).copied().unwrap_or(0);
            metrics::gauge!("cowork_delivery_backlog", "provider" => kind, "status" => status).set(count as f64);
        }
        metrics::gauge!("cowork_delivery_oldest_seconds", "provider" => kind).set(oldest.get(kind).copied().unwrap_or(0.0));
    }
}

/// Operators name instances of chat systems as they like; a label has few values.
fn kind_of(provider: &str) -> &'static str {
    let provider = ChannelProvider::stored(provider.to_owned());
    KINDS.iter().find(|kind| provider.is_of(**kind)).map_or(OTHER, |kind| kind.name)
}
