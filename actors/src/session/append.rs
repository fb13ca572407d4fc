//! From a decision to durable rows: the payloads are serialised here, once.

use super::{
    activation::{Tail, reload},
    actor::SessionCore,
};
use crate::{
    journal::AppendError,
    supervise::{Failure, FailureClass},
};
use cowork_domain::{
    audit::UsageRow,
    ids::CommandId,
    session::{Changes, SessionState},
};
use cowork_store::{Append, HeadUpdate, StoredEvent};

/// After this many events or bytes behind the last snapshot a new one is written (architecture §3).
const SNAPSHOT_EVENTS: usize = 200;
const SNAPSHOT_BYTES: usize = 64 * 1024;

/// What became of the changes.
pub(super) enum Journaled {
    /// Durable, and folded into the state.
    Committed,
    /// Nothing was written: this command was known already.
    Duplicate(CommandId),
}

impl Journaled {
    /// For changes that bring no command in, so that none of theirs can be known already.
    pub(super) fn committed(self) -> Result<(), Failure> {
        match self {
            Self::Committed => Ok(()),
            Self::Duplicate(id) => Err(Failure::new(FailureClass::Fault, "journal.foreign_command", id)),
        }
    }
}

impl SessionCore {
    /// The changes as this deployment records them: usage is part of them only where it is asked for. What models cost is
    /// recorded in any case: an organisation's budget counts it.
    pub(super) fn recorded(&self, mut changes: Changes) -> Changes {
        if !self.shared.options.records_usage {
            changes.work.clear();
            changes.usage.retain(UsageRow::is_of_a_model);
        }
        changes
    }

    /// Makes changes durable and folds them into the state.
    pub(super) async fn journal(&mut self, mut changes: Changes) -> Result<Journaled, Failure> {
        if changes.is_empty() {
            return Ok(Journaled::Committed);
        }
        let commands = changes.commands.clone();
        let work = std::mem::take(&mut changes.work);
        let (usage, audit) = (std::mem::take(&mut changes.usage), std::mem::take(&mut changes.audit));
        let first = self.state.last_sequence.next();
        // The head row shows the state after these changes, so they are folded first. Nobody sees that
        // before the append is durable: if it isn't, the state is read again or goes with the actor.
        let events = self.on_state(changes.text_length(), move |state| commit(state, changes)).await;
        let bytes: usize = events.iter().map(|event| event.payload.len()).sum();
        let count = events.len();
        let append = Box::new(Append {
            shard: self.shard,
            epoch: self.epoch,
            workspace: self.workspace,
            identity: self.identity.clone(),
            first,
            events,
            head: head_of(&self.state),
            commands,
            work,
            usage,
            audit,
        });
        match self.shared.journal.append(append).await {
            Ok(_) => {
                self.tail.events += count;
                self.tail.bytes += bytes;
                self.snapshot_if_due().await;
                Ok(Journaled::Committed)
            }
            Err(AppendError::DuplicateCommand(id)) => {
                (self.state, self.tail) = Box::pin(reload(self.identity.session, &self.shared)).await?;
                Ok(Journaled::Duplicate(id))
            }
            Err(error @ AppendError::NotOwner) => Err(Failure::new(FailureClass::NotOwner, "cluster.not_owner", error)),
            Err(error @ AppendError::Rejected(_)) => Err(Failure::new(FailureClass::Poisoned, "journal.rejected", error)),
            Err(error @ AppendError::Closed) => Err(Failure::new(FailureClass::Surroundings, "journal.closed", error)),
        }
    }

    async fn snapshot_if_due(&mut self) {
        if self.tail.events >= SNAPSHOT_EVENTS || self.tail.bytes >= SNAPSHOT_BYTES {
            self.write_snapshot().await;
        }
    }

    /// Writes a snapshot behind the actor's back: losing one costs a longer tail, nothing else.
    pub(super) async fn write_snapshot(&mut self) {
        if self.tail.events == 0 {
            return;
        }
        let serialise = |state: &mut SessionState| serde_json::to_string(&state.projection).expect("a projection always serialises");
        let text = self.on_state(self.tail.weight(), serialise).await;
        self.tail = Tail { snapshot: text.len(), ..Tail::default() };
        let (shared, session, sequence) = (self.shared.clone(), self.identity.session, self.state.last_sequence);
        self.shared.tasks.spawn(async move {
            let _permit = shared.snapshots.acquire().await.expect("the semaphore is never closed");
            match shared.store.save_snapshot(session, sequence, &text).await {
                Ok(()) => metrics::counter!("cowork_session_snapshots_total").increment(1),
                Err(error) => tracing::warn!(%session, %error, "a snapshot was not written"),
            }
        });
    }
}

/// Folds changes into the state; returns their events as they are stored.
fn commit(state: &mut SessionState, changes: Changes) -> Vec<StoredEvent> {
    let events = state
        .numbered(&changes.events)
        .map(|(sequence, at, body)| StoredEvent { sequence, event_type: body.event_type(), payload: body.payload().into(), at })
        .collect();
    state.commit(changes);
    events
}

fn head_of(state: &SessionState) -> HeadUpdate {
    let projection = &state.projection;
    HeadUpdate {
        status: projection.status(),
        title: Some(projection.title().to_owned()),
        updated_at: projection.updated_at(),
        command_count: state.command_count,
        runtime_session: String::new(),
        project_source: projection
            .project_source()
            .map(|source| serde_json::to_string(&source.summary()).expect("a project source always serialises")),
    }
}
