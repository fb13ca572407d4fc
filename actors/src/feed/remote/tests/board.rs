//! A cluster's links and its view, in memory: what the nodes of a test say to each other goes through
//! here, and can be lost, late, or in vain.

use crate::feed::remote::{FeedOwner, FeedPeers, FeedReply, FeedRequest, PeerGone, RemoteFeeds};
use cowork_domain::ids::SessionId;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// What happens to what one node says to others.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// Nothing arrives, and that is known at once.
    pub(super) cut: bool,
    /// Pushes arrive nowhere, and nobody ever answers.
    pub(super) frozen: bool,
    /// Per cent of requests and, again, of answers that are lost.
    pub(super) loss: u32,
    /// Per cent of pushes that are answered but not looked at.
    pub(super) swallowed: u32,
    /// Milliseconds at most.
    pub(super) delay: u64,
}

#[derive(Debug)]
struct State {
    nodes: HashMap<String, Arc<RemoteFeeds>>,
    owners: HashMap<SessionId, String>,
    faults: HashMap<String, Faults>,
    dice: StdRng,
    pushes: usize,
    lost: usize,
}

#[derive(Debug)]
pub(super) struct Board(Mutex<State>);

impl Board {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let dice = StdRng::seed_from_u64(seed);
        Arc::new(Self(Mutex::new(State {
            nodes: HashMap::new(),
            owners: HashMap::new(),
            faults: HashMap::new(),
            dice,
            pushes: 0,
            lost: 0,
        })))
    }

    pub(super) fn seat(self: &Arc<Self>, name: &str) -> Arc<dyn FeedPeers> {
        Arc::new(Seat { name: name.into(), board: self.clone() })
    }

    pub(super) fn join(&self, name: &str, feeds: Arc<RemoteFeeds>) {
        self.0.lock().nodes.insert(name.into(), feeds);
        self.tell_all();
    }

    pub(super) fn leave(&self, name: &str) {
        self.0.lock().nodes.remove(name);
        self.tell_all();
    }

    /// Gives a session to a node, and tells everybody.
    pub(super) fn give(&self, session: SessionId, name: &str) {
        self.give_quietly(session, name);
        self.tell_all();
    }

    /// The same, but nobody is told.
    pub(super) fn give_quietly(&self, session: SessionId, name: &str) {
        self.0.lock().owners.insert(session, name.into());
    }

    pub(super) fn owner(&self, session: SessionId) -> String {
        self.0.lock().owners[&session].clone()
    }

    /// What happens from now on to what this node says. Nobody is told.
    pub(super) fn set(&self, name: &str, faults: Faults) {
        self.0.lock().faults.insert(name.into(), faults);
    }

    pub(super) fn roll(&self, sides: usize) -> usize {
        self.0.lock().dice.random_range(0..sides)
    }

    /// Pushes that arrived.
    pub(super) fn pushes(&self) -> usize {
        self.0.lock().pushes
    }

    /// Requests that didn't.
    pub(super) fn lost(&self) -> usize {
        self.0.lock().lost
    }

    pub(super) fn tell_all(&self) {
        let nodes: Vec<_> = self.0.lock().nodes.values().cloned().collect();
        nodes.iter().for_each(|node| node.ownership_changed());
    }

    async fn carry(self: Arc<Self>, from: String, to: String, request: FeedRequest) -> Result<FeedReply, PeerGone> {
        let text = serde_json::to_string(&request).expect("a request is JSON");
        assert!(text.len() < 30 * 1024, "a request has {} bytes", text.len());
        let is_push = matches!(request, FeedRequest::Push(_));
        let (faults, pause, lost, swallowed, answer_lost) = {
            let State { faults, dice, .. } = &mut *self.0.lock();
            let faults = faults.get(&from).copied().unwrap_or_default();
            let mut happens = |per_cent: u32| dice.random_range(0..100) < per_cent;
            let (lost, swallowed, answer_lost) = (happens(faults.loss), happens(faults.swallowed) && is_push, happens(faults.loss));
            (faults, dice.random_range(0..=faults.delay), lost, swallowed, answer_lost)
        };
        if faults.cut {
            return Err(PeerGone);
        }
        if faults.frozen && is_push {
            std::future::pending::<()>().await;
        }
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let node = self.0.lock().nodes.get(&to).cloned().ok_or(PeerGone)?;
        if lost {
            self.0.lock().lost += 1;
            return Err(PeerGone);
        }
        if swallowed {
            return Ok(FeedReply::Taken);
        }
        self.0.lock().pushes += usize::from(is_push);
        let reply = node.handle(&from, serde_json::from_str(&text).expect("a request reads back"));
        let text = serde_json::to_string(&reply).expect("a reply is JSON");
        assert!(text.len() < 30 * 1024, "a reply has {} bytes", text.len());
        if answer_lost { Err(PeerGone) } else { Ok(serde_json::from_str(&text).expect("a reply reads back")) }
    }
}

/// The cluster as one node sees it.
#[derive(Debug)]
struct Seat {
    name: String,
    board: Arc<Board>,
}

impl FeedPeers for Seat {
    fn owner_of(&self, session: SessionId) -> FeedOwner {
        match self.board.0.lock().owners.get(&session) {
            Some(owner) if *owner == self.name => FeedOwner::Here,
            Some(owner) => FeedOwner::Peer(owner.clone()),
            None => FeedOwner::Nobody,
        }
    }

    fn owners(&self) -> Vec<String> {
        self.board.0.lock().nodes.keys().filter(|name| **name != self.name).cloned().collect()
    }

    fn call(&self, peer: &str, request: FeedRequest) -> BoxFuture<'static, Result<FeedReply, PeerGone>> {
        Box::pin(self.board.clone().carry(self.name.clone(), peer.to_owned(), request))
    }
}
