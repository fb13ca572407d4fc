//! See the module.

use super::{BindingMsg, Look, inbox::Inbox};
use crate::{
    node::Shared,
    supervise::{ActorKind, Alive, Mail},
};
use cowork_domain::channel::ids::ChannelBindingId;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;
use tokio::sync::watch;

pub(crate) struct BindingActor;

pub(crate) struct BindingState {
    binding: ChannelBindingId,
    shared: Arc<Shared>,
    /// Who follows this waits for something to deliver.
    look: watch::Sender<Look>,
    inbox: Inbox,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl Actor for BindingActor {
    type Msg = Mail<BindingMsg>;
    type State = BindingState;
    type Arguments = (ChannelBindingId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (binding, shared): Self::Arguments) -> Result<BindingState, ActorProcessingErr> {
        let look = watch::Sender::new(Look::first(shared.clock.random_bytes()));
        Ok(BindingState { binding, look, inbox: Inbox::default(), alive: Alive::count(&shared, ActorKind::Binding), shared })
    }

    async fn handle(&self, myself: ActorRef<Self::Msg>, mail: Self::Msg, state: &mut BindingState) -> Result<(), ActorProcessingErr> {
        let shared = state.shared.clone();
        let stats = shared.stats.of(ActorKind::Binding);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        match message {
            BindingMsg::DeliveriesChanged => state.deliveries_changed(),
            BindingMsg::WatchDeliveries { reply } => drop(reply.send(state.look.subscribe())),
            BindingMsg::InboxFilled => state.inbox.look(&myself, &shared, &state.binding),
            BindingMsg::InboxLooked { found } => state.inbox.looked(&myself, &shared, &state.binding, found),
            BindingMsg::InboxThreadDone { thread } => state.inbox.thread_done(&myself, &shared, &state.binding, &thread),
            BindingMsg::Passivate => state.passivate(&myself),
        }
        stats.handled(started.elapsed());
        Ok(())
    }
}

impl BindingState {
    fn deliveries_changed(&self) {
        self.look.send_modify(|look| *look = look.next());
    }

    /// Whoever waits here holds an entity that nobody asks anything: it stays for them.
    fn passivate(&self, myself: &ActorRef<Mail<BindingMsg>>) {
        if self.look.receiver_count() > 0 || !self.inbox.is_idle() {
            return;
        }
        tracing::debug!(binding = %self.binding, "a binding has nothing to do");
        self.shared.stats.of(ActorKind::Binding).passivated();
        myself.stop(Some("passivated".into()));
    }
}
