//! The bindings that somebody claims from, and what they know of each.

use super::claimant::Claimant;
use crate::http::state::HttpState;
use cowork_actors::{ClaimError, DeliveryLook};
use cowork_domain::channel::{
    delivery::{ChannelDelivery, StreamCredit},
    ids::ChannelBindingId,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::time::Duration;

/// One claim takes no more than this, so that those who share a binding get their part of a backlog.
const AT_ONCE: u32 = 16;

/// Bindings to claim from, in turn.
pub(super) struct Sources {
    state: HttpState,
    claimant: Claimant,
    bindings: Vec<Source>,
    /// Whose turn it is: a busy binding doesn't starve those behind it.
    turn: usize,
}

struct Source {
    binding: ChannelBindingId,
    /// How it looked when it had nothing more to claim. `None` until it was asked, and when it may have more.
    seen: Option<DeliveryLook>,
    /// Whether it may have had something that the credit didn't suffice for: then news of another binding concern it, too.
    is_limited: bool,
}

impl Sources {
    /// Nothing is known of them yet.
    pub(super) fn new(state: HttpState, claimant: Claimant, bindings: Vec<ChannelBindingId>) -> Self {
        let bindings = bindings.into_iter().map(|binding| Source { binding, seen: None, is_limited: false }).collect();
        Self { state, claimant, bindings, turn: 0 }
    }

    /// Claims up to `max` from the first binding in turn that has something. None where all had nothing since they were asked.
    pub(super) async fn claim(&mut self, max: u32, stream: Option<StreamCredit>) -> Result<Vec<ChannelDelivery>, ClaimError> {
        let count = self.bindings.len();
        for _ in 0..count {
            let source = &mut self.bindings[self.turn];
            self.turn = (self.turn + 1) % count;
            if source.seen.is_some() {
                continue;
            }
            let asked = max.min(AT_ONCE);
            let order = self.claimant.order(&self.state, &source.binding, asked, stream);
            let taken = self.state.node.claim_deliveries(order).await?;
            // Whoever got less than they asked for got all there is. Asking on would claim again what ran out just now.
            if u64::from(asked) > taken.deliveries.len() as u64 {
                (source.seen, source.is_limited) = (Some(taken.look), taken.is_limited);
            }
            if !taken.deliveries.is_empty() {
                return Ok(taken.deliveries);
            }
        }
        Ok(Vec::new())
    }

    /// Waits until it pays to claim again, at most so long. It may be dropped and begun anew.
    pub(super) async fn wait(&mut self, patience: Duration) {
        let node = &self.state.node;
        let mut waits: FuturesUnordered<_> = self
            .bindings
            .iter()
            .enumerate()
            .filter_map(|(place, source)| Some((place, source.binding.clone(), source.seen?)))
            .map(|(place, binding, seen)| async move {
                node.await_deliveries(binding, seen, patience).await;
                place
            })
            .collect();
        let news = waits.next().await;
        drop(waits);
        for (place, source) in self.bindings.iter_mut().enumerate() {
            if source.is_limited || news == Some(place) {
                source.seen = None;
            }
        }
    }

    /// Whether some binding was not asked yet, or may have more.
    pub(super) fn is_open(&self) -> bool {
        self.bindings.iter().any(|source| source.seen.is_none())
    }
}
