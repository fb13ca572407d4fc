//! The supervisor of one shard's entities: single flight for starts, back-off for restarts,
//! quarantine for those that keep failing.

use super::{
    EntityKey, EntityRef, Failure, FailureClass, QuarantinedEntity, ShardReport, Start,
    entity::Started,
    policy::{FailureHistory, Verdict},
};
use crate::{
    binding::BindingActor,
    byok::ByokActor,
    node::Shared,
    org::OrgActor,
    session::{SessionActor, SessionStart},
};
use cowork_domain::{ids::ShardId, timestamp::Timestamp};
use futures_util::FutureExt;
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Why a request does not reach its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteError {
    Absent,
    Quarantined {
        code: &'static str,
    },
    /// Try again: the entity restarts, or moves.
    NotNow,
}

type Waiter = oneshot::Sender<Result<EntityRef, RouteError>>;

#[derive(Debug)]
pub(crate) enum ShardMsg {
    /// Find or start an entity.
    Activate { start: Start, reply: Waiter },
    /// A start that this supervisor asked for ended.
    Started { key: EntityKey, result: Started },
    /// The pause after a failure is over.
    Restart(EntityKey),
    /// An operator wants the entity to take requests again.
    Lift { key: EntityKey, reply: oneshot::Sender<bool> },
    /// An operator looks.
    Report(oneshot::Sender<ShardReport>),
}

impl ractor::Message for ShardMsg {}

pub(crate) struct ShardSupervisor;

pub(crate) struct ShardState {
    shard: ShardId,
    shared: Arc<Shared>,
    entities: HashMap<EntityKey, Standing>,
    keys: HashMap<ActorId, EntityKey>,
    histories: HashMap<EntityKey, FailureHistory>,
    /// Children that ended before the message that they started: how they failed, if they did.
    early_ends: HashMap<ActorId, Option<(FailureClass, &'static str)>>,
}

enum Standing {
    Starting(Vec<Waiter>),
    Live(EntityRef),
    BackingOff(Vec<Waiter>),
    Quarantined { since: Timestamp, failures: usize, code: &'static str },
}

impl Actor for ShardSupervisor {
    type Msg = ShardMsg;
    type State = ShardState;
    type Arguments = (ShardId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<ShardMsg>, (shard, shared): Self::Arguments) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState {
            shard,
            shared,
            entities: HashMap::new(),
            keys: HashMap::new(),
            histories: HashMap::new(),
            early_ends: HashMap::new(),
        })
    }

    async fn handle(&self, myself: ActorRef<ShardMsg>, message: ShardMsg, state: &mut ShardState) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Activate { start, reply } => state.activate(&myself, start, reply),
            ShardMsg::Started { key, result } => state.started(&myself, key, result),
            ShardMsg::Restart(key) => state.restart(&myself, &key),
            ShardMsg::Lift { key, reply } => drop(reply.send(state.lift(&myself, &key))),
            ShardMsg::Report(reply) => drop(reply.send(state.report())),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ShardMsg>,
        event: SupervisionEvent,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, _) => state.ended(&myself, &cell, None),
            SupervisionEvent::ActorFailed(cell, error) => {
                let (class, code) = Failure::of(error.as_ref());
                tracing::error!(code, %error, "an entity failed");
                state.ended(&myself, &cell, Some((class, code)));
            }
            _ => {}
        }
        Ok(())
    }
}

impl ShardState {
    fn activate(&mut self, myself: &ActorRef<ShardMsg>, start: Start, reply: Waiter) {
        let key = start.key();
        match self.entities.get_mut(&key) {
            Some(Standing::Live(entity)) => drop(reply.send(Ok(entity.clone()))),
            Some(Standing::Quarantined { code, .. }) => drop(reply.send(Err(RouteError::Quarantined { code }))),
            Some(Standing::Starting(waiters) | Standing::BackingOff(waiters)) => {
                waiters.retain(|waiter| !waiter.is_closed());
                waiters.push(reply);
            }
            None => self.begin(myself, start, vec![reply]),
        }
    }

    /// Starts the entity in a task of its own, so that a slow one doesn't hold up its siblings.
    fn begin(&mut self, myself: &ActorRef<ShardMsg>, start: Start, waiters: Vec<Waiter>) {
        let key = start.key();
        self.entities.insert(key.clone(), Standing::Starting(waiters));
        let (shared, myself) = (self.shared.clone(), myself.clone());
        self.shared.tasks.spawn(async move {
            let _permit = shared.activations.acquire().await.expect("the semaphore is never closed");
            let spawned = AssertUnwindSafe(spawn(start, &shared, myself.get_cell())).catch_unwind().await;
            let panicked = |_| Err(Failure::new(FailureClass::Fault, "actor.panicked", "the entity panicked while it was loaded"));
            let result = spawned.unwrap_or_else(panicked);
            let born = result.as_ref().ok().map(EntityRef::cell);
            // A supervisor that was killed meanwhile takes no children: this one must not live on alone.
            if let (Err(_), Some(orphan)) = (myself.cast(ShardMsg::Started { key, result }), born) {
                orphan.kill();
            }
        });
    }

    fn started(&mut self, myself: &ActorRef<ShardMsg>, key: EntityKey, result: Started) {
        let waiters = match self.entities.remove(&key) {
            Some(Standing::Starting(waiters)) => waiters,
            _ => Vec::new(),
        };
        match result {
            Ok(entity) => {
                match self.early_ends.remove(&entity.cell().get_id()) {
                    Some(Some((class, code))) => return self.failed(myself, key, class, code, waiters),
                    Some(None) => return answer(waiters, &RouteError::NotNow),
                    None => {}
                }
                self.keys.insert(entity.cell().get_id(), key.clone());
                self.shared.table.insert(key.clone(), entity.clone());
                self.entities.insert(key, Standing::Live(entity.clone()));
                for waiter in waiters {
                    waiter.send(Ok(entity.clone())).ok();
                }
            }
            Err(failure) => self.failed(myself, key, failure.class, failure.code, waiters),
        }
    }

    /// Forgets an entity that ended, and deals with its failure if that is why.
    fn ended(&mut self, myself: &ActorRef<ShardMsg>, cell: &ActorCell, failure: Option<(FailureClass, &'static str)>) {
        let Some(key) = self.keys.remove(&cell.get_id()) else {
            self.early_ends.insert(cell.get_id(), failure);
            return;
        };
        self.shared.table.remove(&key);
        self.entities.remove(&key);
        if let Some((class, code)) = failure {
            self.failed(myself, key, class, code, Vec::new());
        }
    }

    fn failed(&mut self, myself: &ActorRef<ShardMsg>, key: EntityKey, class: FailureClass, code: &'static str, waiters: Vec<Waiter>) {
        let stats = self.shared.stats.of(key.kind());
        let now = self.shared.clock.instant();
        let verdict = match class {
            FailureClass::Absent => return answer(waiters, &RouteError::Absent),
            FailureClass::NotOwner => return answer(waiters, &RouteError::NotNow),
            FailureClass::Surroundings => Verdict::RestartAfter(Duration::from_millis(250)),
            FailureClass::Fault => self.histories.entry(key.clone()).or_default().record(now),
            FailureClass::Poisoned => Verdict::Quarantine,
        };
        stats.failed(code);
        self.histories.retain(|_, history| !history.is_stale(now));
        match verdict {
            Verdict::RestartAfter(pause) => {
                self.entities.insert(key.clone(), Standing::BackingOff(waiters));
                myself.send_after(self.shared.clock.jitter(pause), move || ShardMsg::Restart(key));
            }
            Verdict::Quarantine => {
                let failures = self.histories.remove(&key).map_or(1, |history| history.count());
                tracing::error!(entity = %key, code, failures, "an entity is quarantined");
                stats.quarantined(1);
                answer(waiters, &RouteError::Quarantined { code });
                self.entities.insert(key, Standing::Quarantined { since: self.shared.clock.now(), failures, code });
            }
        }
    }

    fn restart(&mut self, myself: &ActorRef<ShardMsg>, key: &EntityKey) {
        if let Some(Standing::BackingOff(waiters)) = self.entities.remove(key) {
            self.shared.stats.of(key.kind()).restarted();
            self.begin(myself, existing(key), waiters);
        }
    }

    fn lift(&mut self, myself: &ActorRef<ShardMsg>, key: &EntityKey) -> bool {
        if !matches!(self.entities.get(key), Some(Standing::Quarantined { .. })) {
            return false;
        }
        tracing::info!(entity = %key, "a quarantine was lifted");
        self.shared.stats.of(key.kind()).quarantined(-1);
        self.begin(myself, existing(key), Vec::new());
        true
    }

    fn report(&self) -> ShardReport {
        let count = |wanted: fn(&Standing) -> bool| self.entities.values().filter(|standing| wanted(standing)).count();
        let quarantined = self.entities.iter().filter_map(|(key, standing)| match standing {
            Standing::Quarantined { since, failures, code } => Some(QuarantinedEntity {
                entity: key.to_string(),
                kind: key.kind(),
                shard: self.shard.0,
                since: *since,
                failures: *failures,
                code,
            }),
            _ => None,
        });
        ShardReport {
            shard: self.shard.0,
            epoch: self.shared.ownership.now().and_then(|owned| owned.epochs.get(&self.shard).map(|epoch| epoch.0)),
            live: count(|standing| matches!(standing, Standing::Live(_))),
            starting: count(|standing| matches!(standing, Standing::Starting(_))),
            backing_off: count(|standing| matches!(standing, Standing::BackingOff(_))),
            quarantined: quarantined.collect(),
        }
    }
}

/// Quarantines end with their shard: its next owner finds out by itself.
impl Drop for ShardState {
    fn drop(&mut self) {
        for (key, standing) in &self.entities {
            if matches!(standing, Standing::Quarantined { .. }) {
                self.shared.stats.of(key.kind()).quarantined(-1);
            }
        }
    }
}

fn answer(waiters: Vec<Waiter>, error: &RouteError) {
    waiters.into_iter().for_each(|waiter| drop(waiter.send(Err(*error))));
}

fn existing(key: &EntityKey) -> Start {
    match key {
        EntityKey::Session(id) => Start::Session(SessionStart::Existing(*id)),
        EntityKey::Org(id) => Start::Org(id.clone()),
        EntityKey::Byok(id) => Start::Byok(*id),
        EntityKey::Binding(id) => Start::Binding(id.clone()),
    }
}

async fn spawn(start: Start, shared: &Arc<Shared>, supervisor: ActorCell) -> Started {
    match start {
        Start::Session(start) => {
            let born = SessionActor::prepare(start, shared).await?;
            let identity = born.identity();
            let (actor, _) = Actor::spawn_linked(None, SessionActor, born, supervisor).await.map_err(startup)?;
            Ok(EntityRef::Session { actor, identity })
        }
        Start::Org(id) => {
            let (actor, _) = Actor::spawn_linked(None, OrgActor, (id, shared.clone()), supervisor).await.map_err(startup)?;
            Ok(EntityRef::Org { actor })
        }
        Start::Byok(id) => {
            let (actor, _) = Actor::spawn_linked(None, ByokActor, (id, shared.clone()), supervisor).await.map_err(startup)?;
            Ok(EntityRef::Byok { actor })
        }
        Start::Binding(id) => {
            let (actor, _) = Actor::spawn_linked(None, BindingActor, (id, shared.clone()), supervisor).await.map_err(startup)?;
            Ok(EntityRef::Binding { actor })
        }
    }
}

fn startup(error: SpawnErr) -> Failure {
    match error {
        SpawnErr::StartupFailed(error) => match error.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(error) => Failure::new(FailureClass::Fault, "actor.panicked", error),
        },
        other => Failure::new(FailureClass::Surroundings, "actor.not_started", other),
    }
}
