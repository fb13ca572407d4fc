//! Subscriptions as a node remembers them: for a moment, so that a busy organisation costs the database one question a second
//! and not one a prompt.

use cowork_actors::Clock;
use cowork_domain::{billing::Subscription, ids::OrgId};
use cowork_store::{Store, StoreError};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// A change that came to another node counts here after this time at the latest.
const FRESH: Duration = Duration::from_secs(1);
/// Organisations that are remembered at a time; what is old goes when there are more.
const MOST: usize = 4096;

pub(super) struct Subscriptions {
    store: Store,
    slots: Mutex<HashMap<OrgId, Arc<Slot>>>,
}

/// One organisation's. Whoever asks the database holds the lock, and the others wait for the answer.
#[derive(Default)]
struct Slot {
    known: tokio::sync::Mutex<Option<Known>>,
}

struct Known {
    at: Instant,
    subscription: Option<Arc<Subscription>>,
}

impl Subscriptions {
    pub(super) fn new(store: Store) -> Self {
        Self { store, slots: Mutex::default() }
    }

    /// The subscription of an organisation, if it has one.
    pub(super) async fn of(&self, org: &OrgId) -> Result<Option<Arc<Subscription>>, StoreError> {
        let slot = self.slot(org);
        let mut known = slot.known.lock().await;
        // Taken before the question, because what it says is true of that moment at the earliest.
        let now = Clock.instant();
        if let Some(known) = known.as_ref().filter(|known| now.saturating_duration_since(known.at) < FRESH) {
            return Ok(known.subscription.clone());
        }
        let subscription = self.store.subscription(org).await?.map(Arc::new);
        *known = Some(Known { at: now, subscription: subscription.clone() });
        Ok(subscription)
    }

    /// Whoever asks from now on gets an answer of the database. A question that is on its way answers those who wait for it, and
    /// nobody else.
    pub(super) fn forget(&self, org: &OrgId) {
        self.slots.lock().remove(org);
    }

    fn slot(&self, org: &OrgId) -> Arc<Slot> {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(org) {
            return slot.clone();
        }
        if slots.len() >= MOST {
            let now = Clock.instant();
            // One that is locked is being asked for.
            let is_old = |known: &Option<Known>| known.as_ref().is_some_and(|known| now.saturating_duration_since(known.at) >= FRESH);
            slots.retain(|_, slot| !slot.known.try_lock().is_ok_and(|known| is_old(&known)));
        }
        let slot = Arc::<Slot>::default();
        slots.insert(org.clone(), slot.clone());
        slot
    }
}
