//! The door of this crate: what the front door asks of a node.

use super::{
    NodeOptions, Shared,
    root::{NodeRoot, NodeRootMsg},
    route::{Try, activate, until_deadline},
};
use crate::{
    clock::Clock,
    cluster::OwnershipWatch,
    feed::{FeedHub, Subscription},
    journal::Journal,
    org::OrgMsg,
    session::{SessionError, SessionMsg, SessionStart, Submitted},
    supervise::{EntityKey, EntityRef, EntityTable, LiftOutcome, Mail, ShardMsg, Start, Stats, SupervisionReport},
};
use cowork_domain::{
    admission::Refusal,
    event::ProjectSource,
    ids::{CommandId, Sequence, SessionId},
    import::ImportPlan,
    principal::Principal,
    session::{Changes, CommandKind, SessionIdentity, Submission, open},
};
use cowork_runtime::Runtime;
use cowork_store::Store;
use dashmap::DashMap;
use ractor::Actor;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a session is called until somebody names it (contract 01 §1.1).
const DEFAULT_TITLE: &str = "New session";

/// A running node. Clones are the same node.
#[derive(Debug, Clone)]
pub struct NodeHandle {
    pub(crate) shared: Arc<Shared>,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
#[error("the node could not join the cluster: {0}")]
pub struct StartError(String);

/// Whether a node can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// It holds its lease and owns shards.
    pub owns_shards: bool,
    /// Its journal is connected.
    pub lanes_connected: bool,
    /// It is about to leave.
    pub draining: bool,
}

/// What a new session starts with.
#[derive(Debug, Clone)]
pub struct CreateSession {
    /// Minted by the caller.
    pub id: SessionId,
    /// The id may exist already: an earlier try with the same idempotency key.
    pub retry: bool,
    /// Default `New session`.
    pub title: Option<String>,
    /// Deployment profile.
    pub profile_name: String,
    /// Where its files come from.
    pub project_source: Option<ProjectSource>,
}

impl NodeHandle {
    /// Joins the cluster and takes up interrupted work. The store must be migrated.
    pub async fn start(options: NodeOptions, store: Store, runtime: Arc<dyn Runtime>) -> Result<Self, StartError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let hub = Arc::new(FeedHub::new(store.clone(), options.feed));
        let ownership = OwnershipWatch::new();
        let journal = Journal::start(options.lanes, &store, &hub, &ownership, &tasks, &stop);
        let shared = Arc::new(Shared {
            clock: Clock,
            store,
            runtime,
            journal,
            hub,
            ownership,
            table: EntityTable::new(),
            stats: Stats::new(),
            shards: DashMap::new(),
            root: OnceLock::new(),
            activations: Semaphore::new(options.concurrent_activations),
            snapshots: Semaphore::new(2),
            draining: AtomicBool::new(false),
            tasks,
            stop,
            options,
        });
        Actor::spawn(None, NodeRoot, shared.clone()).await.map_err(|error| StartError(error.to_string()))?;
        Ok(Self { shared })
    }

    /// Rows that need no owner.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Time and identifiers.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Creates a session and returns it as `CloudSessionView` JSON.
    pub async fn create_session(&self, by: &Principal, request: CreateSession) -> Result<String, SessionError> {
        self.admit_session(by).await?;
        let at = self.shared.clock.now();
        let identity = Self::new_identity(by, request.id, request.profile_name, at);
        let changes = open(&identity, request.title.as_deref().unwrap_or(DEFAULT_TITLE), request.project_source, by, at);
        self.begin_session(identity, changes, request.retry).await
    }

    /// Creates a session with an imported history.
    pub async fn import_session(
        &self,
        by: &Principal,
        id: SessionId,
        profile_name: String,
        plan: ImportPlan,
    ) -> Result<String, SessionError> {
        self.admit_session(by).await?;
        let at = self.shared.clock.now();
        let identity = Self::new_identity(by, id, profile_name, at);
        let changes = plan.changes(&identity, by, at);
        self.begin_session(identity, changes, false).await
    }

    /// Gives a command to its session and waits until its effect is durable. The same id has one
    /// effect, however often it is sent.
    pub async fn submit(
        &self,
        by: &Principal,
        session: SessionId,
        command: CommandId,
        kind: CommandKind,
    ) -> Result<Submitted, SessionError> {
        self.authorise(by, session).await?;
        let is_prompt = matches!(kind, CommandKind::Prompt { .. });
        if is_prompt {
            self.admit_prompt(by, command, session).await?;
        }
        let submitted = until_deadline(&self.shared, || self.try_submit(by, session, command, &kind)).await;
        // The session confirms the grant. Whether an unavailable one wrote the prompt is not known:
        // then the grant is confirmed late, or expires.
        if is_prompt && submitted.as_ref().is_err_and(|error| *error != SessionError::Unavailable) {
            self.shared.tell_org(&by.org_id, OrgMsg::Cancel { grant: command });
        }
        submitted
    }

    /// Follows a session from after a cursor.
    pub async fn subscribe_session(&self, by: &Principal, session: SessionId, after: Sequence) -> Result<Subscription, SessionError> {
        let identity = self.authorise(by, session).await?;
        Ok(self.shared.hub.subscribe_session(identity, after))
    }

    /// Follows all sessions of the caller from after a cursor.
    pub fn subscribe_workspace(&self, by: &Principal, after: Sequence) -> Subscription {
        self.shared.hub.subscribe_workspace(&by.tenant_id, &by.user_id, after)
    }

    /// The actor tree, for operators.
    pub async fn supervision(&self) -> SupervisionReport {
        let (reply, shards) = oneshot::channel();
        if let Some(root) = self.shared.root.get() {
            root.cast(NodeRootMsg::Report(reply)).ok();
        }
        let shards = shards.await.unwrap_or_default();
        SupervisionReport::of(&self.shared, shards)
    }

    /// Lets a quarantined entity take requests again.
    pub async fn lift_quarantine(&self, entity: &str) -> LiftOutcome {
        let Ok(key) = entity.parse::<EntityKey>() else { return LiftOutcome::Unknown };
        let Some((shard, _)) = self.shared.ownership.now().and_then(|owned| owned.of(key.shard_key())) else {
            return LiftOutcome::NotQuarantined;
        };
        let Some(supervisor) = self.shared.shards.get(&shard).map(|supervisor| supervisor.clone()) else {
            return LiftOutcome::NotQuarantined;
        };
        let (reply, lifted) = oneshot::channel();
        supervisor.cast(ShardMsg::Lift { key, reply }).ok();
        if lifted.await.unwrap_or(false) { LiftOutcome::Lifted } else { LiftOutcome::NotQuarantined }
    }

    /// Whether this node can serve.
    pub fn readiness(&self) -> Readiness {
        Readiness {
            owns_shards: self.shared.ownership.now().is_some(),
            lanes_connected: self.shared.journal.is_connected(),
            draining: self.shared.draining.load(Ordering::Relaxed),
        }
    }

    /// From now on the node is not ready; requests that are under way still end.
    pub fn begin_drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Ends everything: running turns get `grace` to finish and are then parked for the next owner,
    /// the lease is given up, lanes and tasks end.
    pub async fn stop(self, grace: Duration) {
        self.begin_drain();
        self.wait_for_turns(grace).await;
        self.park_all().await;
        if let Some(root) = self.shared.root.get() {
            let (done, stopped) = oneshot::channel();
            root.cast(NodeRootMsg::Stop(done)).ok();
            stopped.await.ok();
        }
        self.shared.tasks.close();
        self.shared.stop.cancel();
        if tokio::time::timeout(Duration::from_secs(5), self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.shared.tasks.len(), "some tasks did not end in time");
        }
    }

    async fn wait_for_turns(&self, grace: Duration) {
        let deadline = self.shared.clock.instant() + grace;
        while self.shared.stats.of(crate::ActorKind::Turn).alive() > 0 && self.shared.clock.instant() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn park_all(&self) {
        let mut parked = Vec::new();
        for session in self.shared.table.sessions() {
            let (done, ended) = oneshot::channel();
            if session.cast(Mail::new(SessionMsg::Park(done))).is_ok() {
                parked.push(ended);
            }
        }
        let all = futures_util::future::join_all(parked);
        if tokio::time::timeout(Duration::from_secs(5), all).await.is_err() {
            tracing::warn!("some sessions were not parked; the next owner counts an attempt for them");
        }
    }

    async fn try_submit(
        &self,
        by: &Principal,
        session: SessionId,
        id: CommandId,
        kind: &CommandKind,
    ) -> Result<Try<Submitted>, SessionError> {
        let entity = match activate(&self.shared, Start::Session(SessionStart::Existing(session))).await {
            Ok(entity) => entity,
            Err(error) => return Try::from_route(error),
        };
        let EntityRef::Session { actor, .. } = entity else { return Ok(Try::Again) };
        let (reply, submitted) = oneshot::channel();
        let submission = Box::new(Submission { id, kind: kind.clone(), by: by.clone() });
        if actor.cast(Mail::new(SessionMsg::Submit { submission, reply })).is_err() {
            return Ok(Try::Again);
        }
        Ok(submitted.await.map_or(Try::Again, Try::Done))
    }

    async fn begin_session(&self, identity: Arc<SessionIdentity>, changes: Changes, mut retry: bool) -> Result<String, SessionError> {
        let shared = &self.shared;
        until_deadline(shared, || {
            let changes = Box::new(changes.clone());
            let start = Start::Session(SessionStart::New { identity: identity.clone(), changes, retry });
            // Another try may meet what this one wrote.
            retry = true;
            async move {
                let entity = match activate(shared, start).await {
                    Ok(entity) => entity,
                    Err(error) => return Try::from_route(error),
                };
                let EntityRef::Session { actor, .. } = entity else { return Ok(Try::Again) };
                let (reply, view) = oneshot::channel();
                actor.cast(Mail::new(SessionMsg::Read { shape: crate::ViewShape::Cloud, reply })).ok();
                Ok(view.await.map_or(Try::Again, Try::Done))
            }
        })
        .await
    }

    fn new_identity(
        by: &Principal,
        session: SessionId,
        profile_name: String,
        created_at: cowork_domain::timestamp::Timestamp,
    ) -> Arc<SessionIdentity> {
        Arc::new(SessionIdentity {
            session,
            tenant: by.tenant_id.clone(),
            user: by.user_id.clone(),
            org: by.org_id.clone(),
            profile_name,
            created_at,
        })
    }

    async fn admit_prompt(&self, by: &Principal, grant: CommandId, session: SessionId) -> Result<(), SessionError> {
        self.ask_org(by, |reply| OrgMsg::AdmitPrompt { grant, session, reply }).await
    }

    async fn admit_session(&self, by: &Principal) -> Result<(), SessionError> {
        self.ask_org(by, |reply| OrgMsg::AdmitSession { reply }).await
    }

    async fn ask_org(&self, by: &Principal, question: impl Fn(oneshot::Sender<Result<(), Refusal>>) -> OrgMsg) -> Result<(), SessionError> {
        let admitted = until_deadline(&self.shared, || async {
            let entity = match activate(&self.shared, Start::Org(by.org_id.clone())).await {
                Ok(entity) => entity,
                Err(error) => return Try::from_route(error),
            };
            let EntityRef::Org { actor } = entity else { return Ok(Try::Again) };
            let (reply, answer) = oneshot::channel();
            actor.cast(Mail::new(question(reply))).ok();
            Ok(answer.await.map_or(Try::Again, Try::Done))
        })
        .await?;
        admitted.map_err(SessionError::Refused)
    }
}
