//! Newcomers come in one after the other. A page asks several things at once: without this each of its first requests would
//! make the same organisation, account and membership, and wait in the database for the others to have done it.

use cowork_domain::principal::Principal;
use std::hash::{BuildHasher, RandomState};
use tokio::sync::{Mutex, MutexGuard};

/// Whoever shares a door by chance waits for a stranger, which is harmless.
const DOORS: usize = 64;

/// Where requests of newcomers wait for each other, on this node. Other nodes may let the same newcomer in at the same
/// time; the database sees to it that it happens once.
pub(super) struct Doors {
    doors: [Mutex<()>; DOORS],
    hasher: RandomState,
}

impl Doors {
    /// Waits until no other request of this account is being let in.
    pub(super) async fn turn(&self, principal: &Principal) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one((principal.org_id.as_str(), principal.account_id.as_str()));
        let door = usize::try_from(hash % DOORS as u64).expect("less than the number of doors");
        self.doors[door].lock().await
    }
}

impl Default for Doors {
    fn default() -> Self {
        Self { doors: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}
