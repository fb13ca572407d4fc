//! Links over ractor's node server: the pieces of this folder, put together.

use super::{
    Gate, LinkError, LinkEvent, LinkOptions, LinkReport, Links, Peer, acceptor,
    call::call,
    engine::{Engine, EngineRun},
    gate::GateState,
    preface,
    shared::Shared,
    tls::{Tls, TlsError},
};
use crate::clock::Clock;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Names are part of every frame's header.
const NAME_BYTES: usize = 128;

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
    #[cfg(test)]
    listen: SocketAddr,
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
        Ok(Arc::new(Self {
            shared,
            #[cfg(test)]
            listen,
        }))
    }

    /// Where links are accepted; tells the port where the options left it open.
    #[cfg(test)]
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
