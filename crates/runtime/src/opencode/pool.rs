//! The OpenCode processes of a node: one for each organisation with turns, started by its first turn, kept warm between turns,
//! stopped when idle, started again after it died.

use super::{
    OpenCodeOptions, failures,
    folders::Folders,
    models::Models,
    place::{InUse, Place, Running},
    process::{Process, Start, StartError},
    report::{ProcessReport, RuntimePoolReport},
    sandbox::{Ground, Limits},
};
use crate::{broker::KeyBroker, native::failure::Failure};
use cowork_domain::ids::OrgId;
use futures_util::future::join_all;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

/// How often the processes are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How long a process that is killed may take to go away, with what it kept.
const STOP: Duration = Duration::from_secs(30);
/// Starts that a turn waits for.
const TRIES: u32 = 3;

/// The processes of a node.
pub(super) struct Pool {
    inner: Arc<Inner>,
    _keeper: AbortOnDropHandle<()>,
}

struct Inner {
    options: OpenCodeOptions,
    ground: Ground,
    broker: KeyBroker,
    orgs: Mutex<HashMap<OrgId, Arc<Place>>>,
    /// Held while an organisation gets its folders: two new ones must not get the same user.
    opening: Arc<tokio::sync::Mutex<()>>,
    room: Arc<Semaphore>,
}

/// What a look at a process that runs on has seen.
struct Seen {
    turns: usize,
    resident: u64,
}

impl Pool {
    pub(super) fn new(options: OpenCodeOptions, ground: Ground, broker: KeyBroker) -> Self {
        let room = Arc::new(Semaphore::new(options.pool.processes.max(1)));
        let look = LOOK.min(options.pool.idle / 2).max(Duration::from_millis(100));
        let inner = Arc::new(Inner { options, ground, broker, orgs: Mutex::default(), opening: Arc::default(), room });
        let keeper = AbortOnDropHandle::new(tokio::spawn(keep(Arc::downgrade(&inner), look)));
        Self { inner, _keeper: keeper }
    }

    /// The organisation's process, started if need be.
    pub(super) async fn acquire(&self, org: &OrgId) -> Result<InUse, Failure> {
        let place = self.inner.place(org);
        let limits = &self.inner.options.pool;
        let patience = limits.admission + limits.start * TRIES;
        let mut current = timeout(patience, place.current.lock()).await.map_err(|_| failures::unavailable("its start takes too long"))?;
        if let Some(running) = current.as_ref() {
            if running.process.is_alive() {
                return Ok(InUse::of(running));
            }
            *current = None;
            place.restarts.lock().failed(Instant::now());
            Inner::ended("died");
        }
        let running = Arc::new(self.inner.start(&place).await?);
        let in_use = InUse::of(&running);
        *current = Some(running);
        Ok(in_use)
    }

    /// What an operator sees.
    pub(super) fn report(&self) -> RuntimePoolReport {
        let places: Vec<Arc<Place>> = self.inner.orgs.lock().values().cloned().collect();
        let mut processes: Vec<ProcessReport> = places.iter().filter_map(|place| place.report()).collect();
        processes.sort_unstable_by(|a, b| a.org.cmp(&b.org));
        RuntimePoolReport {
            own_users: self.inner.ground.privileged,
            own_networks: self.inner.ground.privileged,
            most_processes: self.inner.options.pool.processes,
            processes,
        }
    }

    /// Stops all processes and waits for them.
    pub(super) async fn stop(&self) {
        let places: Vec<Arc<Place>> = self.inner.orgs.lock().drain().map(|(_, place)| place).collect();
        let stopping = places.iter().map(async |place| {
            if let Some(running) = place.current.lock().await.take() {
                Inner::end(running, "stopped").await;
            }
        });
        join_all(stopping).await;
    }
}

impl Inner {
    fn place(&self, org: &OrgId) -> Arc<Place> {
        let new = || Arc::new(Place::new(org));
        self.orgs.lock().entry(org.clone()).or_insert_with(new).clone()
    }

    /// Starts a process; after a failure a few times more, with growing pauses.
    async fn start(&self, place: &Place) -> Result<Running, Failure> {
        let room = self.room().await?;
        for attempt in 1.. {
            let pause = place.restarts.lock().pause(Instant::now()).map_err(failures::unavailable)?;
            tokio::time::sleep(pause).await;
            let started = Instant::now();
            match self.start_once(&place.org).await {
                Ok(process) => {
                    metrics::counter!("cowork_opencode_starts_total").increment(1);
                    metrics::histogram!("cowork_opencode_start_seconds").record(started.elapsed().as_secs_f64());
                    return Ok(Running::new(process, room));
                }
                Err(error) => {
                    metrics::counter!("cowork_opencode_start_failures_total").increment(1);
                    tracing::warn!(%error, attempt, "an OpenCode process did not start");
                    place.restarts.lock().failed(Instant::now());
                    if attempt >= TRIES {
                        return Err(failures::unavailable(error));
                    }
                }
            }
        }
        unreachable!("the loop ends with its last try")
    }

    async fn start_once(&self, org: &OrgId) -> Result<Process, StartError> {
        let options = &self.options;
        let (root, workspaces) = (options.directory.clone(), options.workspaces.clone());
        let (org, privileged) = (org.clone(), self.ground.privileged);
        let one = Arc::clone(&self.opening).lock_owned().await;
        let opened = tokio::task::spawn_blocking(move || {
            // Until it is done, even if nobody waits for it any more.
            let _one = one;
            Folders::open(&root, &workspaces, &org, privileged)
        });
        let folders = opened.await.map_err(io::Error::other).and_then(|opened| opened).map_err(StartError::Folders)?;
        let models = Models::new(&self.broker);
        let limits = Limits { processes: Some(options.pool.threads) };
        let patience = options.pool.start;
        let (ground, program, tools) = (&self.ground, &options.program, &options.tools);
        Process::start(Start { ground, program, folders, models, tools, limits, patience }).await
    }

    /// Room for one more process; the longest idle one makes room if there is none.
    async fn room(&self) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Ok(room);
        }
        self.evict().await;
        let waited = timeout(self.options.pool.admission, Arc::clone(&self.room).acquire_owned()).await;
        let room = waited.map_err(|_| failures::unavailable("all processes of this node are busy; try again later"))?;
        Ok(room.expect("room is never closed"))
    }

    async fn evict(&self) {
        let places: Vec<Arc<Place>> = self.orgs.lock().values().cloned().collect();
        let idle = places.iter().filter_map(|place| {
            let current = place.current.try_lock().ok()?;
            let idle = current.as_ref().filter(|running| running.is_idle())?.idle_for();
            Some((idle, place))
        });
        let Some((_, place)) = idle.max_by_key(|(idle, _)| *idle) else { return };
        let mut current = place.current.lock().await;
        if let Some(running) = current.take_if(|running| running.is_idle()) {
            Self::end(running, "evicted").await;
        }
    }

    fn ended(reason: &'static str) {
        metrics::counter!("cowork_opencode_ended_total", "reason" => reason).increment(1);
    }

    /// Stops a process, for this reason.
    async fn end(running: Arc<Running>, reason: &'static str) {
        if timeout(STOP, running.process.stop()).await.is_err() {
            // It was killed, so it does nothing any more; the others needn't wait for the kernel to say so.
            tracing::error!(pid = running.process.pid, "an OpenCode process was killed and does not go away");
        }
        Self::ended(reason);
    }

    /// One look at every process; what it sees becomes metrics.
    async fn look(&self) {
        let places: Vec<Arc<Place>> = self.orgs.lock().values().cloned().collect();
        // At the same time: those that end take a while.
        let seen = join_all(places.into_iter().map(|place| self.look_at(place))).await;
        let (mut alive, mut turns, mut resident) = (0_u32, 0_usize, 0_u64);
        for seen in seen.into_iter().flatten() {
            alive += 1;
            turns += seen.turns;
            resident += seen.resident;
        }
        metrics::gauge!("cowork_opencode_processes").set(alive);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and neither number is that large")]
        {
            metrics::gauge!("cowork_opencode_turns").set(turns as f64);
            metrics::gauge!("cowork_opencode_resident_bytes").set(resident as f64);
        }
    }

    /// Looks at one process, and ends it if there is a reason to. Nothing is seen of one that doesn't run on.
    async fn look_at(&self, place: Arc<Place>) -> Option<Seen> {
        // A place that is in use at the moment is looked at the next time.
        let mut current = place.current.try_lock().ok()?;
        if let Some(running) = current.as_ref() {
            let resident = running.process.resident();
            let Some(reason) = self.reason_to_end(running, resident) else {
                return Some(Seen { turns: running.turns(), resident });
            };
            if reason == "died" {
                place.restarts.lock().failed(Instant::now());
            }
            Self::end(Arc::clone(running), reason).await;
            *current = None;
        }
        let is_empty = place.restarts.lock().is_clean(Instant::now());
        drop(current);
        if is_empty {
            // Nobody else may have come for it meanwhile.
            self.orgs.lock().extract_if(|org, kept| *org == place.org && Arc::strong_count(kept) <= 2).for_each(drop);
        }
        None
    }

    fn reason_to_end(&self, running: &Running, resident: u64) -> Option<&'static str> {
        let limits = &self.options.pool;
        let grown = resident > limits.memory / 4 * 3;
        if !running.process.is_alive() {
            Some("died")
        } else if resident > limits.memory {
            Some("memory")
        } else if running.is_idle() && grown {
            // It gives no memory back: better a new one now than in the middle of a turn.
            Some("grown")
        } else if running.idle_for() >= limits.idle && running.is_idle() {
            Some("idle")
        } else {
            None
        }
    }
}

/// Looks after the processes for as long as there is a pool.
async fn keep(inner: Weak<Inner>, look: Duration) {
    loop {
        tokio::time::sleep(look).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.look().await;
    }
}
