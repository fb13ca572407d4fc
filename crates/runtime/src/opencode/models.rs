//! Which models a process can reach: its slots at the key broker, and the demo model where it runs.
//!
//! OpenCode reads its providers once, when it starts. So a process is configured with a fixed set of providers, one for each slot,
//! whose tokens can do nothing by themselves; a turn takes a slot of the protocol that its model speaks, and the broker lets the
//! slot act for that turn until it is over.

use super::config::ModelProvider;
use crate::{
    TurnRequest,
    broker::{Grant, KeyBroker, Lease, Slot},
    native::failure::Failure,
};
use cowork_domain::provider::{Chosen, Protocol, ProviderEntry};
use parking_lot::Mutex;
use std::{collections::HashMap, net::SocketAddr, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Turns of one organisation that may call models of one protocol at a time, on one node.
const SLOTS: usize = 8;

/// The models of one process.
pub(super) struct Models {
    broker: KeyBroker,
    demo: Option<Arc<ProviderEntry>>,
    slots: HashMap<Protocol, Arc<Slots>>,
}

/// The slots of one protocol.
struct Slots {
    free: Mutex<Vec<NamedSlot>>,
    count: Arc<Semaphore>,
}

struct NamedSlot {
    name: String,
    slot: Slot,
}

/// A turn's model, for as long as this lives.
pub(super) struct ModelLease {
    /// As OpenCode's configuration names it.
    pub(super) provider: String,
    pub(super) model: String,
    /// At the broker; none for the demo model, which needs no key.
    pub(super) lease: Option<Lease>,
    held: Option<HeldSlot>,
}

struct HeldSlot {
    slots: Arc<Slots>,
    slot: Option<NamedSlot>,
    _permit: OwnedSemaphorePermit,
}

impl Models {
    /// Slots for a process that is about to start.
    pub(super) fn new(broker: &KeyBroker) -> Self {
        let slots = |protocol: Protocol| {
            let named =
                (1..=SLOTS).map(|number| NamedSlot { name: format!("{}-{number}", protocol.as_str()), slot: broker.slot(protocol) });
            Arc::new(Slots { free: Mutex::new(named.collect()), count: Arc::new(Semaphore::new(SLOTS)) })
        };
        let slots = Protocol::ALL.into_iter().map(|protocol| (protocol, slots(protocol))).collect();
        Self { broker: broker.clone(), demo: broker.table().demo().cloned(), slots }
    }

    /// What OpenCode is configured with.
    pub(super) fn providers(&self) -> Vec<ModelProvider> {
        let mut providers: Vec<ModelProvider> = self.demo.iter().map(|demo| demo_provider(demo)).collect();
        for protocol in Protocol::ALL {
            for named in self.slots[&protocol].free.lock().iter() {
                providers.push(ModelProvider {
                    id: named.name.clone(),
                    npm: protocol.opencode_npm().to_owned(),
                    base_url: named.slot.base_url().to_owned(),
                    token: named.slot.token().to_owned(),
                    models: vec![Slot::MODEL.to_owned()],
                });
            }
        }
        providers
    }

    /// The addresses of this machine where the models seem to be.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let mut addresses: Vec<SocketAddr> = self.providers().iter().filter_map(|provider| address(&provider.base_url)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// Lets a turn use its model; waits for a slot while all of them are in use.
    pub(super) async fn lease(&self, turn: &TurnRequest, chosen: &Chosen) -> Result<ModelLease, Failure> {
        let entry = &chosen.provider;
        if !entry.needs_key() {
            return Ok(ModelLease { provider: entry.id.to_string(), model: chosen.model.clone(), lease: None, held: None });
        }
        let slots = &self.slots[&entry.protocol];
        let permit = Arc::clone(&slots.count).acquire_owned().await.expect("slots are never closed");
        let slot = slots.free.lock().pop().expect("there are as many slots as permits");
        let grant = Grant {
            org: turn.org.clone(),
            provider: entry.id.clone(),
            model: chosen.model.clone(),
            session: turn.session,
            command: turn.command,
            attempt: turn.attempt,
        };
        let lease = self.broker.bind(&slot.slot, grant);
        let provider = slot.name.clone();
        let held = HeldSlot { slots: Arc::clone(slots), slot: Some(slot), _permit: permit };
        Ok(ModelLease { provider, model: Slot::MODEL.to_owned(), lease: Some(lease), held: Some(held) })
    }
}

impl Drop for ModelLease {
    fn drop(&mut self) {
        // The right ends before the slot is free for another turn.
        drop(self.lease.take());
        drop(self.held.take());
    }
}

impl Drop for HeldSlot {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.slots.free.lock().push(slot);
        }
    }
}

fn demo_provider(demo: &ProviderEntry) -> ModelProvider {
    ModelProvider {
        id: demo.id.to_string(),
        npm: demo.opencode_npm().to_owned(),
        base_url: demo.base_url.to_string(),
        token: "none".to_owned(),
        models: demo.models.listed().to_vec(),
    }
}

fn address(base_url: &str) -> Option<SocketAddr> {
    let uri: http::Uri = base_url.parse().ok()?;
    uri.authority()?.as_str().parse().ok()
}
