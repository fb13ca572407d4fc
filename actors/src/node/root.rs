//! The root supervisor: membership and one supervisor per shard that has something to do.
//!
//! Shard supervisors start with their first entity and are killed, all at once, when the node must
//! not act as an owner any more.

use super::Shared;
use crate::{
    cluster::{Membership, MembershipMsg, MembershipOptions, Ownership},
    session::SessionStart,
    supervise::{ShardMsg, ShardReport, ShardSupervisor, Start},
};
use cowork_domain::ids::{SessionId, ShardId};
use cowork_store::NodeRegistration;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::oneshot;

const HOUSEKEEPING: Duration = Duration::from_secs(2);
const LEAVE_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) enum NodeRootMsg {
    /// This node owns these shards from now on.
    Owned(Arc<Ownership>),
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
            NodeRootMsg::Owned(ownership) => state.owned(&ownership),
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
    let NodeOptionsView { registration, renew_every } = NodeOptionsView::of(shared);
    let options = MembershipOptions { registration, renew_every };
    let arguments = Membership::arguments(options, shared.store.clone(), shared.ownership.clone(), myself.clone());
    let (membership, _) = Actor::spawn_linked(None, Membership, arguments, myself.get_cell()).await?;
    Ok(membership)
}

struct NodeOptionsView {
    registration: NodeRegistration,
    renew_every: Duration,
}

impl NodeOptionsView {
    fn of(shared: &Shared) -> Self {
        let options = &shared.options;
        let registration = NodeRegistration {
            name: options.name.clone(),
            address: options.address.clone(),
            roles: options.roles.clone(),
            lease: options.lease,
        };
        Self { registration, renew_every: options.renew_every }
    }
}

impl NodeRootState {
    /// The work list of a take-over: sessions with unfinished commands go on at once, without waiting
    /// for a request.
    fn owned(&self, ownership: &Arc<Ownership>) {
        let (shared, ownership) = (self.shared.clone(), ownership.clone());
        self.shared.tasks.spawn(async move {
            let shards: Vec<ShardId> = ownership.epochs.keys().copied().collect();
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
            for session in sessions {
                resume(&shared, session).await;
            }
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
            self.owned(&ownership);
        }
        Ok(())
    }

    fn forget(&mut self, cell: &ActorCell) {
        self.supervisors.retain(|_, supervisor| supervisor.get_id() != cell.get_id());
        self.shared.shards.retain(|_, supervisor| supervisor.get_id() != cell.get_id());
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
