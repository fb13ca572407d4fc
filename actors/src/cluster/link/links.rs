//! Links over ractor's node server: the pieces of this folder, put together.

use super::{
    Gate, LinkError, LinkEvent, LinkOptions, LinkReport, Links, Peer, acceptor,
    call::call,
    dialer,
    engine::{Engine, EngineRun},
    gate::GateState,
    peer::PeerLink,
    preface::{self, Introduction, PrefaceError, Refusal, RefusalCode},
    tls::{Tls, TlsError},
};
use crate::clock::Clock;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use std::{
    collections::{BTreeMap, HashMap},
    fmt, io,
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

/// Names are part of every frame's header.
const NAME_BYTES: usize = 128;

/// The same refusal is a warning once in this time.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Before the engine is started again. It never should have to be.
const ENGINE_PAUSE: Duration = Duration::from_secs(1);

/// Why links could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The name can't be used.
    #[error("a node's name has 1 to {NAME_BYTES} bytes: set OPEN_COWORK_CLOUD_NODE_ID")]
    Name,
    /// No secret, so anybody could join.
    #[error("nodes can't be linked without a secret: set OPEN_COWORK_CLOUD_CLUSTER_SECRET")]
    Secret,
    /// The port is taken, most often.
    #[error("links can't be accepted at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificates can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// ractor's node server did not start; a process has one.
    #[error("the node server could not be started: {0}")]
    Engine(String),
}

/// The links of this process.
pub(crate) struct RactorLinks {
    shared: Arc<Shared>,
    listen: SocketAddr,
}

/// What the tasks of the links share.
pub(super) struct Shared {
    pub(super) options: LinkOptions,
    /// This life of the node.
    process: Uuid,
    pub(super) clock: Clock,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    engine: RwLock<Arc<Engine>>,
    events: mpsc::UnboundedSender<LinkEvent>,
    peers: RwLock<BTreeMap<String, Arc<PeerLink>>>,
    /// Changes with `peers`.
    peers_changed: watch::Sender<()>,
    labels: AtomicU64,
    /// What was refused lately, so that a peer that tries for hours doesn't fill the log.
    refusals: Mutex<HashMap<(String, RefusalCode), Instant>>,
}

impl RactorLinks {
    /// Starts to accept links; nobody is dialled before [`Links::expect`]. Once per process: ractor's tables are global.
    pub(crate) async fn start(
        options: LinkOptions,
        gate: Arc<dyn Gate>,
        events: mpsc::UnboundedSender<LinkEvent>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, StartError> {
        if options.name.is_empty() || options.name.len() > NAME_BYTES {
            return Err(StartError::Name);
        }
        if options.secret.bytes().is_empty() {
            return Err(StartError::Secret);
        }
        let tls = options.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        let listener = acceptor::listen(options.listen).await?;
        let listen = listener.local_addr().unwrap_or(options.listen);
        let clock = Clock;
        let (process, stop, own_tasks) = (clock.mint_process_id(), stop.child_token(), TaskTracker::new());
        let gate = GateState { gate, tasks: own_tasks.clone(), stop: stop.clone() };
        let (engine, run) = Engine::start(&options.name, process, preface::cookie(options.secret.bytes()), gate.clone()).await?;
        let shared = Arc::new(Shared {
            options,
            process,
            clock,
            tls,
            tasks: own_tasks,
            stop,
            engine: RwLock::new(Arc::new(engine)),
            events,
            peers: RwLock::default(),
            peers_changed: watch::Sender::new(()),
            labels: AtomicU64::new(0),
            refusals: Mutex::default(),
        });
        shared.tasks.spawn(acceptor::run(shared.clone(), listener));
        tasks.spawn(keep(shared.clone(), gate, run));
        tracing::info!(%listen, %process, tls = shared.tls.is_some(), "links are accepted");
        Ok(Arc::new(Self { shared, listen }))
    }

    /// Where links are accepted; tells the port where the options left it open.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.listen
    }
}

impl Links for RactorLinks {
    fn expect(&self, peers: Vec<Peer>) {
        self.shared.expect(peers);
    }

    fn call(&self, peer: &str, request: Bytes, deadline: Instant) -> BoxFuture<'static, Result<Bytes, LinkError>> {
        let Some(peer) = self.shared.peer(peer) else { return Box::pin(async { Err(LinkError::NotConnected) }) };
        Box::pin(call(peer, self.shared.options.name.clone(), request, deadline, self.shared.tasks.clone()))
    }

    fn report(&self) -> Vec<LinkReport> {
        self.shared.peers.read().values().map(|peer| peer.report()).collect()
    }

    fn stop(&self) -> BoxFuture<'static, ()> {
        let shared = self.shared.clone();
        Box::pin(async move {
            shared.stop.cancel();
            shared.tasks.close();
            shared.tasks.wait().await;
            let engine = shared.engine();
            engine.stop().await;
        })
    }
}

impl fmt::Debug for RactorLinks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RactorLinks").field("options", &self.shared.options).field("links", &self.report()).finish_non_exhaustive()
    }
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

    fn peer(&self, name: &str) -> Option<Arc<PeerLink>> {
        self.peers.read().get(name).cloned()
    }

    /// The peer, once it is expected.
    pub(super) async fn expected(&self, name: &str, patience: Duration) -> Option<Arc<PeerLink>> {
        let mut changes = self.peers_changed.subscribe();
        let until_known = changes.wait_for(|()| self.peers.read().contains_key(name));
        timeout(patience, until_known).await.ok()?.ok()?;
        self.peer(name)
    }

    fn expect(self: &Arc<Self>, wanted: Vec<Peer>) {
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

/// Keeps the engine running, and puts it down at the end.
async fn keep(shared: Arc<Shared>, gate: GateState, mut run: EngineRun) {
    while shared.stop.run_until_cancelled(run.ended()).await.is_some() {
        tracing::error!("the node server or the gate ended by itself; all links are made anew");
        shared.engine().stop().await;
        run = loop {
            tokio::time::sleep(ENGINE_PAUSE).await;
            if shared.stop.is_cancelled() {
                return;
            }
            let cookie = preface::cookie(shared.options.secret.bytes());
            match Engine::start(&shared.options.name, shared.process, cookie, gate.clone()).await {
                Ok((engine, run)) => {
                    *shared.engine.write() = Arc::new(engine);
                    break run;
                }
                Err(error) => tracing::error!(%error, "the node server can't be started; it is tried again"),
            }
        };
    }
    shared.tasks.close();
    shared.tasks.wait().await;
    let engine = shared.engine();
    engine.stop().await;
}
