//! The root supervisor: membership and one supervisor per shard that has something to do.
//!
//! Shard supervisors start with their first entity and are killed, all at once, when the node must
//! not act as an owner any more.

use super::{Shared, life::park};
use crate::{
    cluster::{Membership, MembershipArguments, MembershipMsg, MembershipOptions},
    session::{Parking, SessionStart},
    supervise::{ShardMsg, ShardReport, ShardSupervisor, Start},
};
use cowork_domain::ids::{SessionId, ShardId};
use cowork_store::NodeRegistration;
use futures_util::{StreamExt, stream};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;

const HOUSEKEEPING: Duration = Duration::from_secs(2);
/// Interrupted sessions that may be waited for at the same time.
const RESUMED_AT_ONCE: usize = 64;
const LEAVE_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) enum NodeRootMsg {
    /// This node owns these shards from now on, and has not before.
    Owned(Vec<ShardId>),
    /// This node gives these shards away: their entities come to rest and end.
    Vacate { shards: Vec<ShardId>, vacated: oneshot::Sender<()> },
    /// The entities of these shards are at rest.
    AtRest { shards: Vec<ShardId>, vacated: oneshot::Sender<()> },
    /// Something for the membership.
    Membership(MembershipMsg),
    /// This node must not act as an owner any more.
    Disowned,
    /// The supervisor of a shard, started if need be.
    Supervisor { shard: ShardId, reply: oneshot::Sender<ActorRef<ShardMsg>> },
    /// Time to passivate what is idle.
    Housekeeping,
    /// Time for keep-alive comments.
    KeepAlive,
    /// An operator looks.
    Report(oneshot::Sender<Vec<ShardReport>>),
    /// Everything stops: entities first, then the lease.
    Stop(oneshot::Sender<()>),
}

impl ractor::Message for NodeRootMsg {}

pub(crate) struct NodeRoot;

pub(crate) struct NodeRootState {
    shared: Arc<Shared>,
    membership: ActorRef<MembershipMsg>,
    supervisors: HashMap<ShardId, ActorRef<ShardMsg>>,
}

impl Actor for NodeRoot {
    type Msg = NodeRootMsg;
    type State = NodeRootState;
    type Arguments = Arc<Shared>;

    async fn pre_start(&self, myself: ActorRef<NodeRootMsg>, shared: Arc<Shared>) -> Result<NodeRootState, ActorProcessingErr> {
        shared.root.get_or_init(|| myself.clone());
        let membership = start_membership(&shared, &myself).await?;
        myself.send_interval(HOUSEKEEPING, || NodeRootMsg::Housekeeping);
        myself.send_interval(shared.options.feed.keep_alive, || NodeRootMsg::KeepAlive);
        Ok(NodeRootState { shared, membership, supervisors: HashMap::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeRootMsg>,
        message: NodeRootMsg,
        state: &mut NodeRootState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeRootMsg::Owned(shards) => state.owned(shards),
            NodeRootMsg::Vacate { shards, vacated } => state.vacate(myself, shards, vacated),
            NodeRootMsg::AtRest { shards, vacated } => {
                state.kill_shards(&shards);
                vacated.send(()).ok();
            }
            NodeRootMsg::Membership(message) => drop(state.membership.cast(message)),
            NodeRootMsg::Disowned => state.kill_entities(),
            NodeRootMsg::Supervisor { shard, reply } => drop(reply.send(state.supervisor(&myself, shard).await?)),
            NodeRootMsg::Housekeeping => state.shared.table.passivate_idle(state.shared.options.passivate_after),
            NodeRootMsg::KeepAlive => state.shared.hub.keep_alive(),
            NodeRootMsg::Report(reply) => state.report(reply),
            NodeRootMsg::Stop(done) => {
                state.kill_entities();
                state.leave().await;
                done.send(()).ok();
                myself.stop(None);
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<NodeRootMsg>,
        event: SupervisionEvent,
        state: &mut NodeRootState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, error) => {
                tracing::error!(%error, "a supervisor failed and starts again");
                state.restart(&myself, &cell).await?;
            }
            SupervisionEvent::ActorTerminated(cell, _, _) => state.forget(&cell),
            _ => {}
        }
        Ok(())
    }
}

async fn start_membership(shared: &Arc<Shared>, myself: &ActorRef<NodeRootMsg>) -> Result<ActorRef<MembershipMsg>, ActorProcessingErr> {
    let options = &shared.options;
    let registration = NodeRegistration {
        name: options.name.clone(),
        address: options.address.clone(),
        roles: vec![options.role.as_str().to_owned()],
        lease: options.lease,
    };
    let arguments = MembershipArguments {
        options: MembershipOptions {
            registration,
            renew_every: options.renew_every,
            owns_shards: options.role.owns_shards(),
            hand_over_group: options.hand_over_group,
        },
        store: shared.store.clone(),
        ownership: shared.ownership.clone(),
        picture: shared.picture.clone(),
        remote: shared.remote.clone(),
        feeds: shared.feeds.clone(),
        root: myself.clone(),
    };
    let (membership, _) = Actor::spawn_linked(None, Membership, arguments, myself.get_cell()).await?;
    Ok(membership)
}

impl NodeRootState {
    /// The work list of a take-over: sessions with unfinished commands go on at once, without waiting
    /// for a request.
    fn owned(&self, shards: Vec<ShardId>) {
        let shared = self.shared.clone();
        self.shared.tasks.spawn(async move {
            let sessions = loop {
                match shared.store.sessions_with_unfinished_commands(&shards).await {
                    Ok(sessions) => break sessions,
                    Err(error) => tracing::warn!(%error, "the work list can't be read yet"),
                }
                tokio::select! {
                    () = shared.stop.cancelled() => return,
                    () = tokio::time::sleep(shared.clock.jitter(Duration::from_millis(500))) => {}
                }
            };
            if !sessions.is_empty() {
                tracing::info!(sessions = sessions.len(), "interrupted work goes on");
            }
            // Beside each other: one that can't be loaded must not hold up the rest.
            stream::iter(sessions).for_each_concurrent(RESUMED_AT_ONCE, |session| resume(&shared, session)).await;
        });
    }

    async fn supervisor(&mut self, myself: &ActorRef<NodeRootMsg>, shard: ShardId) -> Result<ActorRef<ShardMsg>, ActorProcessingErr> {
        if let Some(known) = self.supervisors.get(&shard) {
            return Ok(known.clone());
        }
        let (supervisor, _) = Actor::spawn_linked(None, ShardSupervisor, (shard, self.shared.clone()), myself.get_cell()).await?;
        self.supervisors.insert(shard, supervisor.clone());
        self.shared.shards.insert(shard, supervisor.clone());
        Ok(supervisor)
    }

    /// Turns stop at their next safe point; what they report meanwhile is still written.
    fn vacate(&self, myself: ActorRef<NodeRootMsg>, shards: Vec<ShardId>, vacated: oneshot::Sender<()>) {
        let leaving: HashSet<ShardId> = shards.iter().copied().collect();
        let count = self.shared.picture.now().map_or(ShardId::DEFAULT_COUNT, |picture| picture.shard_count);
        let sessions = self.shared.table.sessions(|key| leaving.contains(&ShardId::of(key.shard_key(), count)));
        self.shared.tasks.spawn(async move {
            park(sessions, Parking::Every).await;
            myself.cast(NodeRootMsg::AtRest { shards, vacated }).ok();
        });
    }

    fn kill_shards(&mut self, shards: &[ShardId]) {
        for shard in shards {
            self.shared.shards.remove(shard);
            if let Some(supervisor) = self.supervisors.remove(shard) {
                supervisor.kill();
            }
        }
        let count = self.shared.picture.now().map_or(ShardId::DEFAULT_COUNT, |picture| picture.shard_count);
        let gone: HashSet<ShardId> = shards.iter().copied().collect();
        self.shared.table.remove_all(|key| gone.contains(&ShardId::of(key.shard_key(), count)));
    }

    fn kill_entities(&mut self) {
        self.shared.shards.clear();
        self.shared.table.clear();
        for (_, supervisor) in self.supervisors.drain() {
            supervisor.kill();
        }
    }

    /// A shard supervisor comes back with its next entity; what it supervised went with it, so its
    /// unfinished work is looked up again. The membership comes back at once.
    async fn restart(&mut self, myself: &ActorRef<NodeRootMsg>, cell: &ActorCell) -> Result<(), ActorProcessingErr> {
        if cell.get_id() == self.membership.get_id() {
            self.shared.ownership.set(None);
            self.kill_entities();
            self.membership = start_membership(&self.shared, myself).await?;
            return Ok(());
        }
        self.forget(cell);
        if let Some(ownership) = self.shared.ownership.now() {
            self.owned(ownership.epochs.keys().copied().collect());
        }
        Ok(())
    }

    /// Forgets a supervisor that ended by itself, and what ended with it.
    fn forget(&mut self, cell: &ActorCell) {
        let ended = self.supervisors.iter().find(|(_, supervisor)| supervisor.get_id() == cell.get_id());
        if let Some(shard) = ended.map(|(shard, _)| *shard) {
            self.kill_shards(&[shard]);
        }
    }

    /// Asks every supervisor, in a task of its own: a busy shard must not hold up the root.
    fn report(&self, reply: oneshot::Sender<Vec<ShardReport>>) {
        let supervisors: Vec<ActorRef<ShardMsg>> = self.supervisors.values().cloned().collect();
        self.shared.tasks.spawn(async move {
            let mut shards = Vec::with_capacity(supervisors.len());
            for supervisor in supervisors {
                let (answer, report) = oneshot::channel();
                supervisor.cast(ShardMsg::Report(answer)).ok();
                if let Ok(Ok(report)) = tokio::time::timeout(Duration::from_secs(1), report).await {
                    shards.push(report);
                }
            }
            shards.sort_by_key(|report| report.shard);
            reply.send(shards).ok();
        });
    }

    async fn leave(&self) {
        let (done, left) = oneshot::channel();
        self.membership.cast(MembershipMsg::Leave(done)).ok();
        tokio::time::timeout(LEAVE_PATIENCE, left).await.ok();
    }
}

/// Activates a session; a failure is its supervisor's business.
async fn resume(shared: &Arc<Shared>, session: SessionId) {
    super::route::activate(shared, Start::Session(SessionStart::Existing(session))).await.ok();
}
