//! See the module.

use super::{BindingMsg, ClaimReply, Look, inbox::Inbox};
use crate::{
    node::Shared,
    supervise::{ActorKind, Alive, Failure, Mail},
};
use cowork_domain::channel::{delivery::ClaimOrder, ids::ChannelBindingId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// Whoever waits looks by itself after some time; what is due later than this is found then.
const FARTHEST_ALARM: Duration = Duration::from_secs(60);

pub(crate) struct BindingActor;

pub(crate) struct BindingState {
    binding: ChannelBindingId,
    shared: Arc<Shared>,
    /// Who follows this waits for something to deliver.
    look: watch::Sender<Look>,
    /// Wakes those who wait when the next delivery is due.
    alarm: Option<Alarm>,
    inbox: Inbox,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

struct Alarm {
    at: Instant,
    ringing: JoinHandle<Result<(), ractor::MessagingErr<Mail<BindingMsg>>>>,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.ringing.abort();
    }
}

impl Actor for BindingActor {
    type Msg = Mail<BindingMsg>;
    type State = BindingState;
    type Arguments = (ChannelBindingId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (binding, shared): Self::Arguments) -> Result<BindingState, ActorProcessingErr> {
        let look = watch::Sender::new(Look::first(shared.clock.random_bytes()));
        Ok(BindingState { binding, look, alarm: None, inbox: Inbox::default(), alive: Alive::count(&shared, ActorKind::Binding), shared })
    }

    async fn handle(&self, myself: ActorRef<Self::Msg>, mail: Self::Msg, state: &mut BindingState) -> Result<(), ActorProcessingErr> {
        let shared = state.shared.clone();
        let stats = shared.stats.of(ActorKind::Binding);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        match message {
            BindingMsg::ClaimDeliveries { order, reply } => Box::pin(state.claim_deliveries(&myself, &order, reply)).await?,
            BindingMsg::DeliveryDue(at) => state.delivery_due(at),
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
    /// Where nobody waits for the answer any more, nothing is taken. Where the database has a moment of weakness, whoever asked
    /// asks again.
    async fn claim_deliveries(
        &mut self,
        myself: &ActorRef<Mail<BindingMsg>>,
        order: &ClaimOrder,
        reply: oneshot::Sender<ClaimReply>,
    ) -> Result<(), Failure> {
        if reply.is_closed() {
            return Ok(());
        }
        let claimed = match self.shared.store.claim_deliveries(order).await {
            Ok(claimed) => claimed,
            Err(error) if error.is_transient() => {
                tracing::warn!(binding = %self.binding, %error, "deliveries can't be claimed now");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if let Ok(claimed) = claimed {
            metrics::counter!("cowork_deliveries_claimed_total").increment(claimed.count.into());
        }
        if let Some(millis) = claimed.ok().and_then(|claimed| claimed.next_due_millis) {
            self.set_alarm(myself, Duration::from_millis(millis));
        }
        reply.send((claimed, *self.look.borrow())).ok();
        Ok(())
    }

    fn set_alarm(&mut self, myself: &ActorRef<Mail<BindingMsg>>, after: Duration) {
        let at = self.shared.clock.instant() + after;
        let is_sooner = self.alarm.as_ref().is_none_or(|alarm| at < alarm.at);
        if is_sooner && after <= FARTHEST_ALARM {
            let ringing = myself.send_after(after, move || Mail::new(BindingMsg::DeliveryDue(at)));
            self.alarm = Some(Alarm { at, ringing });
        }
    }

    /// An alarm that was put off may ring all the same; it only costs a look.
    fn delivery_due(&mut self, at: Instant) {
        if self.alarm.as_ref().is_some_and(|alarm| alarm.at <= at) {
            self.alarm = None;
        }
        self.deliveries_changed();
    }

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
