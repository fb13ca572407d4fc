//! Links between nodes of one process, with faults to order.

use crate::cluster::link::{FRAME_BYTES, Gate, LinkError, LinkEvent, LinkReport, LinkStatus, Links, Peer};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};
use tokio::sync::mpsc::UnboundedSender;

/// All links of a cluster.
#[derive(Clone, Default)]
pub(super) struct Switchboard {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    nodes: HashMap<String, (Arc<dyn Gate>, UnboundedSender<LinkEvent>)>,
    cut: HashSet<(String, String)>,
    calls: HashMap<String, usize>,
}

struct Ends {
    own: String,
    board: Switchboard,
}

impl std::fmt::Debug for Ends {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Ends({})", self.own)
    }
}

impl Switchboard {
    /// Plugs a node in.
    pub(super) fn plug(&self, own: &str, gate: Arc<dyn Gate>, events: UnboundedSender<LinkEvent>) -> Arc<dyn Links> {
        self.state.lock().nodes.insert(own.to_owned(), (gate, events));
        Arc::new(Ends { own: own.to_owned(), board: self.clone() })
    }

    /// Its process ends: peers notice.
    pub(super) fn unplug(&self, own: &str) {
        let mut state = self.state.lock();
        state.nodes.remove(own);
        for (_, events) in state.nodes.values() {
            events.send(LinkEvent::Down { peer: own.to_owned() }).ok();
        }
    }

    /// No call gets through between these two, in either direction.
    pub(super) fn cut(&self, one: &str, other: &str) {
        let mut state = self.state.lock();
        for (from, to) in [(one, other), (other, one)] {
            state.cut.insert((from.to_owned(), to.to_owned()));
            if let Some((_, events)) = state.nodes.get(from) {
                events.send(LinkEvent::Down { peer: to.to_owned() }).ok();
            }
        }
    }

    /// How many calls a node was asked by others.
    pub(super) fn calls_to(&self, node: &str) -> usize {
        self.state.lock().calls.get(node).copied().unwrap_or_default()
    }
}

impl Links for Ends {
    fn expect(&self, _: Vec<Peer>) {}

    fn call(&self, peer: &str, request: Bytes, deadline: Instant) -> BoxFuture<'static, Result<Bytes, LinkError>> {
        let gate = {
            let mut state = self.board.state.lock();
            let is_cut = state.cut.contains(&(self.own.clone(), peer.to_owned())) || !state.nodes.contains_key(&self.own);
            *state.calls.entry(peer.to_owned()).or_default() += usize::from(!is_cut);
            state.nodes.get(peer).filter(|_| !is_cut).map(|(gate, _)| gate.clone())
        };
        let from = self.own.clone();
        Box::pin(async move {
            if request.len() > FRAME_BYTES {
                return Err(LinkError::TooLarge);
            }
            let gate = gate.ok_or(LinkError::NotConnected)?;
            let answer = tokio::time::timeout_at(deadline.into(), tokio::spawn(gate.answer(from, request))).await;
            let answer = answer.map_err(|_| LinkError::Unknown)?.map_err(|_| LinkError::Unknown)?;
            assert!(answer.len() <= FRAME_BYTES, "a gate answers with more than a frame");
            Ok(answer)
        })
    }

    fn report(&self) -> Vec<LinkReport> {
        let state = self.board.state.lock();
        let report = |peer: &String| LinkReport {
            peer: peer.clone(),
            state: if state.cut.contains(&(self.own.clone(), peer.clone())) { LinkStatus::Down } else { LinkStatus::Up },
            reason: None,
            round_trip_us: None,
            calls_in_flight: 0,
            bytes_in_flight: 0,
            reconnects: 0,
        };
        state.nodes.keys().filter(|peer| **peer != self.own).map(report).collect()
    }

    fn stop(&self) -> BoxFuture<'static, ()> {
        self.board.unplug(&self.own);
        Box::pin(async {})
    }
}
