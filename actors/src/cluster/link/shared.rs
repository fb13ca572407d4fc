//! What the tasks of the links share: the peers that are expected, and what is said of them.

use super::{
    LinkEvent, LinkOptions, Peer, dialer,
    engine::Engine,
    peer::PeerLink,
    preface::{Introduction, PrefaceError, Refusal, RefusalCode},
    tls::Tls,
};
use crate::clock::Clock;
use parking_lot::{Mutex, RwLock};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// The same refusal is a warning once in this time.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What the tasks of the links share.
pub(super) struct Shared {
    pub(super) options: LinkOptions,
    /// This life of the node.
    pub(super) process: Uuid,
    pub(super) clock: Clock,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) engine: RwLock<Arc<Engine>>,
    pub(super) events: mpsc::UnboundedSender<LinkEvent>,
    pub(super) peers: RwLock<BTreeMap<String, Arc<PeerLink>>>,
    /// Changes with `peers`.
    pub(super) peers_changed: watch::Sender<()>,
    pub(super) labels: AtomicU64,
    /// What was refused lately, so that a peer that tries for hours doesn't fill the log.
    pub(super) refusals: Mutex<HashMap<(String, RefusalCode), Instant>>,
}

impl Shared {
    pub(super) fn engine(&self) -> Arc<Engine> {
        self.engine.read().clone()
    }

    pub(super) fn introduction<'a>(&'a self, nonce: &'a str) -> Introduction<'a> {
        Introduction { node: &self.options.name, process: self.process, secret: self.options.secret.bytes(), nonce }
    }

    /// Tells the sessions of the node server apart.
    pub(super) fn label(&self, peer: &str) -> String {
        format!("{peer}/{}", self.labels.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn tell(&self, event: LinkEvent) {
        // Nobody listens any more where the node stops.
        self.events.send(event).ok();
    }

    pub(super) fn peer(&self, name: &str) -> Option<Arc<PeerLink>> {
        self.peers.read().get(name).cloned()
    }

    /// The peer, once it is expected.
    pub(super) async fn expected(&self, name: &str, patience: Duration) -> Option<Arc<PeerLink>> {
        let mut changes = self.peers_changed.subscribe();
        let until_known = changes.wait_for(|()| self.peers.read().contains_key(name));
        timeout(patience, until_known).await.ok()?.ok()?;
        self.peer(name)
    }

    pub(super) fn expect(self: &Arc<Self>, wanted: Vec<Peer>) {
        let mut wanted: BTreeMap<_, _> = wanted.into_iter().map(|peer| (peer.name, peer.address)).collect();
        wanted.remove(&self.options.name);
        let mut peers = self.peers.write();
        peers.retain(|name, peer| {
            let stays = wanted.contains_key(name);
            if !stays {
                peer.stop.cancel();
            }
            stays
        });
        for (name, address) in wanted {
            if let Some(peer) = peers.get(&name) {
                peer.address.send_if_modified(|former| {
                    let moved = *former != address;
                    *former = address;
                    moved
                });
                continue;
            }
            let peer = Arc::new(PeerLink::new(name.clone(), address, self.options.call_window, self.stop.child_token()));
            if self.options.name < name {
                self.tasks.spawn(dialer::run(self.clone(), peer.clone()));
            }
            peers.insert(name, peer);
        }
        drop(peers);
        self.peers_changed.send_replace(());
    }

    pub(super) fn note_failed_dial(&self, peer: &PeerLink, address: &str, error: &PrefaceError) {
        match error {
            PrefaceError::RefusedByUs(refusal) | PrefaceError::RefusedByPeer(refusal) => {
                peer.refused(refusal);
                if self.is_news(&peer.name, refusal) {
                    tracing::warn!(peer = peer.name, address, %error, "a link was refused; it is tried again");
                }
            }
            other => {
                if peer.unreachable(format!("{address}: {other}")) {
                    tracing::info!(peer = peer.name, address, %error, "a peer can't be reached; it is tried again");
                }
            }
        }
    }

    pub(super) fn note_failed_greeting(&self, name: Option<&str>, from: SocketAddr, error: &PrefaceError) {
        let (PrefaceError::RefusedByUs(refusal) | PrefaceError::RefusedByPeer(refusal)) = error else {
            tracing::debug!(%from, peer = name, %error, "a connection did not become a link");
            return;
        };
        if let Some(peer) = name.and_then(|name| self.peer(name)) {
            peer.refused(refusal);
        }
        if self.is_news(name.unwrap_or_default(), refusal) {
            tracing::warn!(%from, peer = name, %error, "a link was refused");
        }
    }

    fn is_news(&self, peer: &str, refusal: &Refusal) -> bool {
        let now = self.clock.instant();
        let mut refusals = self.refusals.lock();
        refusals.retain(|_, said| now.duration_since(*said) < SAY_AGAIN_AFTER);
        // Names come from the network, so there is a bound to those that are remembered, and to the log.
        refusals.len() < 256 && refusals.insert((peer.to_owned(), refusal.code), now).is_none()
    }
}
