//! Tokens for configuration that is per process.

use super::{
    LeaseEnd, Shared,
    lease::LeaseState,
    token::{Token, TokenHash},
};
use cowork_domain::provider::Protocol;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

/// A token that stays the same while turns come and go. Between turns it can do nothing.
pub struct Slot {
    token: Token,
    state: Arc<SlotState>,
    base_url: String,
    broker: Weak<Shared>,
}

/// Which turn holds the slot.
pub(super) struct SlotState {
    protocol: Protocol,
    turn: Mutex<Option<Arc<LeaseState>>>,
}

impl SlotState {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, turn: Mutex::default() }
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn current(&self) -> Option<Arc<LeaseState>> {
        self.turn.lock().clone()
    }

    /// The turn is gone, unless another one holds the slot already.
    pub(super) fn vacate(&self, lease: &Arc<LeaseState>) {
        self.turn.lock().take_if(|current| Arc::ptr_eq(current, lease));
    }
}

impl Slot {
    /// The model that a slot's configuration names. The broker puts the granted model in its place.
    pub const MODEL: &'static str = "granted";

    pub(super) fn new(token: Token, state: Arc<SlotState>, base_url: String, broker: Weak<Shared>) -> Self {
        Self { token, state, base_url, broker }
    }

    pub(super) fn state(&self) -> Arc<SlotState> {
        Arc::clone(&self.state)
    }

    /// Whoever holds the slot loses it.
    pub(super) fn occupy(&self, lease: &Arc<LeaseState>) {
        let before = self.state.turn.lock().replace(Arc::clone(lease));
        if let Some(before) = before {
            before.end(LeaseEnd::TurnOver);
        }
    }

    /// What stands in for the key.
    pub fn token(&self) -> &str {
        self.token.expose()
    }

    /// Where the provider's API seems to start, version included.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What it speaks. Only providers that speak it can be granted to it.
    pub fn protocol(&self) -> Protocol {
        self.state.protocol
    }

    fn hash(&self) -> TokenHash {
        self.token.hash()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(lease) = self.state.turn.lock().take() {
            lease.end(LeaseEnd::TurnOver);
        }
        if let Some(broker) = self.broker.upgrade() {
            broker.tokens.forget(self.hash());
        }
    }
}
