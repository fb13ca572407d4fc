//! A turn's right to call its model.

use super::{Grant, LeaseEnd, Shared, Slot, meter::Usage, slot::SlotState, token::Token};
use parking_lot::Mutex;
use std::{
    future::Future,
    sync::{Arc, OnceLock, Weak},
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// A turn's right to call its model. Dropping it ends the right, and whatever is under way with it.
pub struct Lease {
    state: Arc<LeaseState>,
    key: LeaseKey,
    base_url: String,
    broker: Weak<Shared>,
    usage: Option<mpsc::UnboundedReceiver<Usage>>,
}

/// By which token the lease is reached.
enum LeaseKey {
    Own(Token),
    Slot { token: String, slot: Arc<SlotState> },
}

/// The part of a lease that its calls hold on to.
pub(super) struct LeaseState {
    pub(super) grant: Grant,
    pub(super) calls: Arc<Semaphore>,
    over: CancellationToken,
    end: OnceLock<LeaseEnd>,
    usage: mpsc::UnboundedSender<Usage>,
    received: Mutex<Option<mpsc::UnboundedReceiver<Usage>>>,
}

impl LeaseState {
    pub(super) fn new(grant: Grant, calls: usize) -> Arc<Self> {
        // Unbounded, but one small report per call, of which a turn makes few.
        let (usage, received) = mpsc::unbounded_channel();
        Arc::new(Self {
            grant,
            calls: Arc::new(Semaphore::new(calls)),
            over: CancellationToken::new(),
            end: OnceLock::new(),
            usage,
            received: Mutex::new(Some(received)),
        })
    }

    /// Ends the lease; the first reason counts.
    pub(super) fn end(&self, end: LeaseEnd) {
        if self.end.set(end).is_ok() {
            if end != LeaseEnd::TurnOver {
                metrics::counter!("cowork_broker_leases_ended_total", "reason" => end.code().as_str()).increment(1);
            }
            self.over.cancel();
        }
    }

    pub(super) fn ended(&self) -> Option<LeaseEnd> {
        self.end.get().copied()
    }

    /// Becomes ready when the lease is over.
    pub(super) fn over(&self) -> CancellationToken {
        self.over.clone()
    }

    pub(super) fn report(&self, usage: Usage) {
        // A turn that doesn't listen doesn't count.
        let _ = self.usage.send(usage);
    }
}

impl Lease {
    pub(super) fn new(state: Arc<LeaseState>, token: Token, base_url: String, broker: Weak<Shared>) -> Self {
        Self::of(state, LeaseKey::Own(token), base_url, broker)
    }

    pub(super) fn bound(state: Arc<LeaseState>, slot: &Slot, broker: Weak<Shared>) -> Self {
        let key = LeaseKey::Slot { token: slot.token().to_owned(), slot: slot.state() };
        Self::of(state, key, slot.base_url().to_owned(), broker)
    }

    fn of(state: Arc<LeaseState>, key: LeaseKey, base_url: String, broker: Weak<Shared>) -> Self {
        let usage = state.received.lock().take();
        Self { state, key, base_url, broker, usage }
    }

    pub(super) fn state(&self) -> &Arc<LeaseState> {
        &self.state
    }

    /// What stands in for the key.
    pub fn token(&self) -> &str {
        match &self.key {
            LeaseKey::Own(token) => token.expose(),
            LeaseKey::Slot { token, .. } => token,
        }
    }

    /// Where the provider's API seems to start, version included.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What was granted.
    pub fn grant(&self) -> &Grant {
        &self.state.grant
    }

    /// Waits until the lease is over before its time, and says why.
    pub fn ended(&self) -> impl Future<Output = LeaseEnd> + Send + 'static {
        let (over, state) = (self.state.over(), Arc::clone(&self.state));
        async move {
            over.cancelled_owned().await;
            state.ended().unwrap_or(LeaseEnd::TurnOver)
        }
    }

    /// What the calls of this lease cost, one report per call, as soon as the provider says so. There is one receiver.
    pub fn usage(&mut self) -> Option<mpsc::UnboundedReceiver<Usage>> {
        self.usage.take()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.state.end(LeaseEnd::TurnOver);
        if let LeaseKey::Slot { slot, .. } = &self.key {
            slot.vacate(&self.state);
        }
        let Some(broker) = self.broker.upgrade() else { return };
        if let LeaseKey::Own(token) = &self.key {
            broker.tokens.forget(token.hash());
        }
        if broker.tokens.released(&self.state) {
            broker.keyring.forget_keys(&self.state.grant.org);
        }
    }
}
