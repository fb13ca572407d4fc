//! How a node starts, leaves and ends.

use super::{
    Holds, KnownIdentities, NodeHandle, NodeOptions, Shared, feed_peers::ClusterFeeds, gate::NodeGate, holds, root::NodeRoot,
    root::NodeRootMsg,
};
use crate::{
    binding,
    clock::Clock,
    cluster::{
        MembershipMsg, OwnershipWatch, PictureWatch, Remote, Whereabouts,
        link::{FRAME_BYTES, Gate, LinkEvent, Links, RactorLinks},
    },
    feed::{
        FeedHub,
        remote::{RemoteFeeds, RemoteOptions},
    },
    heavy::HeavyWork,
    journal::Journal,
    org::{self, OrgPost},
    session::{Parking, SessionMsg},
    supervise::{EntityTable, Mail, Stats},
    workspace::Workspaces,
};
use cowork_runtime::Runtime;
use cowork_store::{Signal, Store};
use dashmap::DashMap;
use ractor::Actor;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often a node asks whether it is through with handing over.
const HAND_OVER_LOOK: Duration = Duration::from_millis(10);
/// How often it asks whether all turns have ended, and interrupts those that meanwhile wait for a person.
const TURN_LOOK: Duration = Duration::from_millis(20);
const PARKING_EVERY: Duration = Duration::from_millis(500);

/// How often a starting node asks whether the former one of its name has gone, and how much longer
/// than a lease.
const NAME_LOOK: Duration = Duration::from_millis(50);
const NAME_MARGIN: Duration = Duration::from_secs(1);

/// Waits for deliveries at other nodes, at the same time. They take an eighth of a link's window at the most.
const WAITS_ELSEWHERE: usize = 128;

/// How often letters that expired are removed.
const MAIL_SWEEP: Duration = Duration::from_secs(30);

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database can't be used.
    #[error("the node could not join the cluster: {0}")]
    Join(String),
    /// Another process lives under this node's name.
    #[error(
        "a node with the id \"{name}\" is alive at {address}; give this one another id (OPEN_COWORK_CLOUD_NODE_ID), or stop the other first"
    )]
    NameInUse {
        /// The name.
        name: String,
        /// Where the other one is reached.
        address: String,
    },
    /// The link's port can't be used.
    #[error("the node can't be reached by its peers: {0}")]
    Links(String),
}

/// Makes the links of a node; tests link nodes of one process in memory.
pub(crate) type LinkMaker = Box<dyn FnOnce(Arc<dyn Gate>, mpsc::UnboundedSender<LinkEvent>) -> Arc<dyn Links> + Send>;

impl NodeHandle {
    /// Joins the cluster and takes up interrupted work. The store must be migrated.
    pub async fn start(options: NodeOptions, store: Store, runtime: Arc<dyn Runtime>) -> Result<Self, StartError> {
        Self::start_linked(options, store, runtime, None).await
    }

    pub(crate) async fn start_linked(
        options: NodeOptions,
        store: Store,
        runtime: Arc<dyn Runtime>,
        links: Option<LinkMaker>,
    ) -> Result<Self, StartError> {
        refuse_name_in_use(&options, &store).await?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let hub = Arc::new(FeedHub::new(store.clone(), options.feed));
        let (ownership, picture) = (OwnershipWatch::new(), PictureWatch::new());
        let whereabouts = Whereabouts { own_name: options.name.clone(), ownership: ownership.clone(), picture: picture.clone() };
        let remote = Arc::new(Remote::new(options.name.clone(), store.clone(), tasks.clone()));
        let peers = Arc::new(ClusterFeeds { whereabouts: whereabouts.clone(), remote: remote.clone() });
        let feeds = RemoteFeeds::start(hub.clone(), peers, RemoteOptions::default(), &tasks, &stop);
        let journal = Journal::start(options.lanes, &store, &hub, &ownership, &tasks, &stop);
        let (org_post, org_news) = OrgPost::new();
        let workspaces = options.workspaces.clone().map(|options| Workspaces::new(options, store.clone()));
        let shared = Arc::new(Shared {
            clock: Clock,
            store,
            runtime,
            journal,
            hub,
            feeds,
            ownership,
            picture,
            whereabouts,
            remote,
            org_post,
            holds: Holds::default(),
            table: EntityTable::new(),
            elsewhere: KnownIdentities::default(),
            stats: Stats::new(),
            shards: DashMap::new(),
            root: OnceLock::new(),
            activations: Semaphore::new(options.concurrent_activations),
            snapshots: Semaphore::new(2),
            heavy: HeavyWork::new(),
            key_checks: OnceLock::new(),
            workspaces,
            waits_elsewhere: Semaphore::new(WAITS_ELSEWHERE),
            draining: AtomicBool::new(false),
            tasks,
            stop,
            options,
        });
        // Before the node owns anything: work of an organisation on hold must not even begin.
        holds::refresh(&shared).await.map_err(|error| StartError::Join(error.to_string()))?;
        let link_events = open_links(&shared, links).await?;
        let joined = Actor::spawn(None, NodeRoot, shared.clone()).await;
        if let Err(error) = joined {
            shared.stop.cancel();
            shared.remote.close().await;
            return Err(StartError::Join(error.to_string()));
        }
        shared.tasks.spawn(org::carry(shared.clone(), org_news));
        shared.tasks.spawn(org::keep_audit(shared.clone()));
        shared.tasks.spawn(holds::keep(shared.clone()));
        shared.tasks.spawn(binding::keep_backlog(shared.clone()));
        shared.tasks.spawn(binding::keep_inbox(shared.clone()));
        shared.tasks.spawn(binding::keep_answers(shared.clone()));
        shared.tasks.spawn(binding::sweep(shared.clone()));
        shared.tasks.spawn(listen_to_links(shared.clone(), link_events));
        shared.tasks.spawn(listen_to_database(shared.clone()));
        shared.tasks.spawn(tell_feeds(shared.clone()));
        Ok(Self { shared })
    }

    /// From now on the node is not ready; requests that are under way still end.
    pub fn begin_drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Whether clients that this node sends away find another one that serves them.
    pub fn has_other_door(&self) -> bool {
        let shared = &self.shared;
        shared.picture.now().is_some_and(|picture| picture.doors().any(|row| row.name != shared.options.name))
    }

    /// Gives everything that this node owns to others, turns included, while it still serves clients.
    /// Returns when that is done, at once if there is nobody to give it to, or after `patience`.
    pub async fn hand_over_all(&self, patience: Duration) {
        let shared = &self.shared;
        if !shared.owns_anything() || !shared.has_successor() {
            return;
        }
        match shared.store.set_draining(&shared.options.name, true).await {
            Ok(_) => look(shared),
            Err(error) => return tracing::warn!(%error, "the cluster can't be told that this node leaves"),
        }
        let deadline = shared.clock.instant() + patience;
        while shared.is_handing_over() && shared.has_successor() && shared.clock.instant() < deadline {
            tokio::time::sleep(HAND_OVER_LOOK).await;
        }
    }

    /// Ends everything: running turns get `grace` to finish and are then parked for the next owner,
    /// the lease is given up, lanes and tasks end.
    pub async fn stop(self, grace: Duration) {
        self.begin_drain();
        self.hand_over_all(grace).await;
        self.wait_for_turns(grace).await;
        self.park_all().await;
        let shared = &self.shared;
        if let Some(root) = shared.root.get() {
            let (done, stopped) = oneshot::channel();
            root.cast(NodeRootMsg::Stop(done)).ok();
            stopped.await.ok();
        }
        shared.tasks.close();
        shared.stop.cancel();
        shared.remote.close().await;
        if tokio::time::timeout(Duration::from_secs(5), shared.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = shared.tasks.len(), "some tasks did not end in time");
        }
    }

    /// Lets turns come to their end; those that wait for a person would not.
    async fn wait_for_turns(&self, grace: Duration) {
        let wait = async {
            let mut next_parking = self.shared.clock.instant();
            while self.shared.stats.of(crate::ActorKind::Turn).alive() > 0 {
                if self.shared.clock.instant() >= next_parking {
                    park(self.shared.table.sessions(|_| true), Parking::WaitingForPeople).await;
                    next_parking = self.shared.clock.instant() + PARKING_EVERY;
                }
                tokio::time::sleep(TURN_LOOK).await;
            }
        };
        tokio::time::timeout(grace, wait).await.ok();
    }

    async fn park_all(&self) {
        let sessions = self.shared.table.sessions(|_| true);
        if tokio::time::timeout(Duration::from_secs(5), park(sessions, Parking::Every)).await.is_err() {
            tracing::warn!("some sessions were not parked; the next owner counts an attempt for them");
        }
    }

    /// Ends at once, as a killed process does: nothing is said, written or given back.
    #[cfg(test)]
    pub(crate) fn abandon(self) {
        if let Some(root) = self.shared.root.get() {
            root.kill();
        }
        self.shared.stop.cancel();
        self.shared.ownership.set(None);
    }
}

/// Interrupts what runs in these sessions, so that another owner resumes it.
pub(super) async fn park(sessions: Vec<ractor::ActorRef<Mail<SessionMsg>>>, which: Parking) {
    let mut parked = Vec::with_capacity(sessions.len());
    for session in sessions {
        let (done, ended) = oneshot::channel();
        if session.cast(Mail::new(SessionMsg::Park { which, parked: done })).is_ok() {
            parked.push(ended);
        }
    }
    futures_util::future::join_all(parked).await;
}

/// Two processes under one name would fence each other for ever. One that was just killed still
/// counts as alive for milliseconds, one whose machine vanished for some seconds.
async fn refuse_name_in_use(options: &NodeOptions, store: &Store) -> Result<(), StartError> {
    let deadline = Clock.instant() + options.lease + NAME_MARGIN;
    while let Some(used) = store.name_in_use(&options.name).await.map_err(|error| StartError::Join(error.to_string()))? {
        if Clock.instant() > deadline {
            return Err(StartError::NameInUse { name: options.name.clone(), address: used.address });
        }
        tokio::time::sleep(NAME_LOOK).await;
    }
    Ok(())
}

async fn open_links(shared: &Arc<Shared>, links: Option<LinkMaker>) -> Result<mpsc::UnboundedReceiver<LinkEvent>, StartError> {
    let gate = |frame_bytes| -> Arc<dyn Gate> { Arc::new(NodeGate { shared: shared.clone(), frame_bytes }) };
    let (events, happened) = mpsc::unbounded_channel();
    let links: Option<Arc<dyn Links>> = match (links, &shared.options.links) {
        (Some(make), _) => Some(make(gate(FRAME_BYTES), events)),
        (None, Some(options)) => {
            let started = RactorLinks::start(options.clone(), gate(FRAME_BYTES), events, &shared.tasks, shared.stop.clone()).await;
            Some(started.map_err(|error| StartError::Links(error.to_string()))?)
        }
        (None, None) => None,
    };
    shared.remote.open(gate(usize::MAX), links);
    Ok(happened)
}

async fn listen_to_links(shared: Arc<Shared>, mut events: mpsc::UnboundedReceiver<LinkEvent>) {
    loop {
        let event = tokio::select! {
            () = shared.stop.cancelled() => return,
            event = events.recv() => event,
        };
        match event {
            Some(LinkEvent::Down { peer }) => tell_membership(&shared, MembershipMsg::PeerLost(peer)),
            Some(LinkEvent::Up { .. }) => look(&shared),
            None => return,
        }
        shared.feeds.ownership_changed();
    }
}

/// What the database says without being asked: ownership changed, or a letter came.
async fn listen_to_database(shared: Arc<Shared>) {
    let mut signals = shared.store.cluster_signals();
    let mut sweep = tokio::time::interval(MAIL_SWEEP);
    loop {
        let signal = tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = sweep.tick() => {
                if let Err(error) = shared.store.sweep_mail().await {
                    tracing::debug!(%error, "the mailbox could not be swept");
                }
                continue;
            }
            signal = signals.next() => signal,
        };
        match signal {
            Signal::Membership => look(&shared),
            Signal::Orgs => shared.holds.look(),
            Signal::Mail { to, id } if to == shared.options.name => shared.remote.mail_arrived(id),
            Signal::Mail { .. } => {}
            Signal::Reconnected => {
                look(&shared);
                shared.holds.look();
                shared.remote.answer_mail();
            }
        }
    }
}

/// Feeds follow the owners of their logs. What this node itself takes and gives away, the membership
/// tells them at that very moment; this is about the others, and about a fence that the journal met.
async fn tell_feeds(shared: Arc<Shared>) {
    let (mut pictures, mut ownerships) = (shared.picture.changes(), shared.ownership.changes());
    let mut known = Vec::new();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            Ok(()) = ownerships.changed() => shared.feeds.ownership_changed(),
            Ok(()) = pictures.changed() => {
                let owners = shared.picture.now().map(|picture| picture.assignment()).unwrap_or_default();
                if owners != known {
                    known = owners;
                    shared.feeds.ownership_changed();
                }
            }
            else => return,
        }
    }
}

fn look(shared: &Shared) {
    tell_membership(shared, MembershipMsg::Look);
}

fn tell_membership(shared: &Shared, message: MembershipMsg) {
    if let Some(root) = shared.root.get() {
        root.cast(NodeRootMsg::Membership(message)).ok();
    }
}
