//! Which token stands for what.

use super::{
    LeaseEnd,
    lease::LeaseState,
    slot::SlotState,
    token::{Token, TokenHash},
};
use cowork_domain::{ids::OrgId, provider::Protocol};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

/// All tokens and leases of this node.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Held>);

#[derive(Default)]
struct Held {
    by_token: HashMap<TokenHash, Holder>,
    by_org: HashMap<OrgId, Vec<Weak<LeaseState>>>,
}

/// Who presented a token.
#[derive(Clone)]
pub(super) enum Holder {
    Turn(Arc<LeaseState>),
    Slot(Arc<SlotState>),
}

impl Tokens {
    /// A token for a lease.
    pub(super) fn lease(&self, lease: &Arc<LeaseState>) -> Token {
        let token = Token::draw();
        self.0.lock().by_token.insert(token.hash(), Holder::Turn(Arc::clone(lease)));
        self.bound(lease);
        token
    }

    /// A token for a slot, and the slot.
    pub(super) fn slot(&self, protocol: Protocol) -> (Token, Arc<SlotState>) {
        let (token, slot) = (Token::draw(), Arc::new(SlotState::new(protocol)));
        self.0.lock().by_token.insert(token.hash(), Holder::Slot(Arc::clone(&slot)));
        (token, slot)
    }

    /// A lease that is reached through a slot's token.
    pub(super) fn bound(&self, lease: &Arc<LeaseState>) {
        let mut held = self.0.lock();
        held.by_org.entry(lease.grant.org.clone()).or_default().push(Arc::downgrade(lease));
        metrics::gauge!("cowork_broker_leases").increment(1);
    }

    pub(super) fn find(&self, presented: &str) -> Option<Holder> {
        self.0.lock().by_token.get(&TokenHash::of(presented)).cloned()
    }

    pub(super) fn forget(&self, token: TokenHash) {
        self.0.lock().by_token.remove(&token);
    }

    /// A lease is gone. Answers whether its organisation has none left.
    pub(super) fn released(&self, lease: &Arc<LeaseState>) -> bool {
        metrics::gauge!("cowork_broker_leases").decrement(1);
        let mut held = self.0.lock();
        let Some(leases) = held.by_org.get_mut(&lease.grant.org) else { return true };
        leases.retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(lease)));
        let is_last = leases.is_empty();
        if is_last {
            held.by_org.remove(&lease.grant.org);
        }
        is_last
    }

    /// The organisations that hold leases.
    pub(super) fn orgs(&self) -> Vec<OrgId> {
        self.0.lock().by_org.keys().cloned().collect()
    }

    /// The leases of an organisation.
    pub(super) fn of_org(&self, org: &OrgId) -> Vec<Arc<LeaseState>> {
        self.0.lock().by_org.get(org).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn end_all(&self, end: LeaseEnd) {
        for org in self.orgs() {
            self.of_org(&org).iter().for_each(|lease| lease.end(end));
        }
    }
}
