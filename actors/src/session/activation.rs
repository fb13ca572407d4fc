//! How a session comes to life: from its first event, or from snapshot and tail.

use crate::{
    heavy::HeavyWork,
    invariants::count_violation,
    journal::AppendError,
    node::Shared,
    supervise::{Failure, FailureClass},
};
use cowork_domain::{
    event::{EventBody, SessionEvent},
    ids::{Epoch, Sequence, SessionId, ShardId},
    invariant::InvariantId,
    session::{Changes, SessionIdentity, SessionState},
};
use cowork_store::{LoadedSession, StoredEvent, StoredSnapshot};
use std::sync::Arc;

/// Which session to start.
#[derive(Debug)]
pub(crate) enum SessionStart {
    /// One that the log knows.
    Existing(SessionId),
    /// A new one, with what it starts with.
    New {
        identity: Arc<SessionIdentity>,
        changes: Box<Changes>,
        /// The id may be in the log already: an earlier try with the same idempotency key.
        retry: bool,
    },
}

impl SessionStart {
    pub(crate) fn id(&self) -> SessionId {
        match self {
            Self::Existing(id) => *id,
            Self::New { identity, .. } => identity.session,
        }
    }
}

/// A session that is ready to be an actor.
pub(crate) struct Activated {
    pub(super) shared: Arc<Shared>,
    pub(super) identity: Arc<SessionIdentity>,
    pub(super) shard: ShardId,
    pub(super) epoch: Epoch,
    pub(super) state: SessionState,
    /// Written with the first append: the birth of a new session.
    pub(super) birth: Option<Changes>,
    /// What the last snapshot lacks.
    pub(super) tail: Tail,
}

/// How much log lies behind the last snapshot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tail {
    /// Length of that snapshot.
    pub(super) snapshot: usize,
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Tail {
    /// About how large the state is.
    pub(super) const fn weight(&self) -> usize {
        self.snapshot + self.bytes
    }
}

impl Activated {
    pub(crate) fn identity(&self) -> Arc<SessionIdentity> {
        self.identity.clone()
    }
}

pub(super) async fn activate(start: SessionStart, shared: &Arc<Shared>) -> Result<Activated, Failure> {
    let started = shared.clock.instant();
    let id = start.id();
    let owned = shared.ownership.now().ok_or_else(not_owner)?;
    let (shard, epoch) = owned.of(id.as_uuid()).ok_or_else(not_owner)?;
    let ready = |identity, state, birth, tail| Activated { shared: shared.clone(), identity, shard, epoch, state, birth, tail };
    if let SessionStart::New { identity, changes, retry } = start {
        let known = if retry { shared.store.load_session(id).await? } else { None };
        if known.is_none() {
            let state = SessionState::new((*identity).clone());
            return Ok(ready(identity, state, Some(*changes), Tail::default()));
        }
    }
    let loaded = load_behind_barrier(id, shared).await?;
    let (state, tail) = fold(loaded, &shared.heavy, |state, tail| (state, tail)).await?;
    metrics::histogram!("cowork_actor_activation_seconds").record(started.elapsed().as_secs_f64());
    Ok(ready(Arc::new(state.identity.clone()), state, None, tail))
}

/// Loads a session after everything that its previous life left in the journal has ended.
async fn load_behind_barrier(id: SessionId, shared: &Arc<Shared>) -> Result<LoadedSession, Failure> {
    shared.journal.barrier(id).await.map_err(closed)?;
    shared.store.load_session(id).await?.ok_or_else(|| Failure::new(FailureClass::Absent, "session.not_found", id))
}

/// Reads a live session's state again.
pub(super) async fn reload(id: SessionId, shared: &Shared) -> Result<(SessionState, Tail), Failure> {
    let loaded = shared.store.load_session(id).await?;
    let loaded = loaded.ok_or_else(|| Failure::new(FailureClass::Absent, "session.not_found", id))?;
    fold(loaded, &shared.heavy, |state, tail| (state, tail)).await
}

/// Snapshot and tail, folded, and what is made of that, in one go. A log that can't be read is a fault of this entity alone.
pub(crate) async fn fold<T: Send + 'static>(
    loaded: LoadedSession,
    heavy: &HeavyWork,
    then: impl FnOnce(SessionState, Tail) -> T + Send + 'static,
) -> Result<T, Failure> {
    heavy.run(loaded.text_length(), move || fold_here(loaded).map(|(state, tail)| then(state, tail))).await
}

fn fold_here(loaded: LoadedSession) -> Result<(SessionState, Tail), Failure> {
    let mut state = SessionState::new(loaded.identity);
    let mut tail = Tail::default();
    if let Some(StoredSnapshot { sequence, state: snapshot }) = loaded.snapshot {
        state.projection = serde_json::from_str(&snapshot).map_err(|error| unreadable(format!("snapshot at {sequence}: {error}")))?;
        state.last_sequence = sequence;
        tail.snapshot = snapshot.len();
    }
    fold_events(&mut state, &mut tail, &loaded.tail)?;
    if state.last_sequence == Sequence::ZERO {
        return Err(unreadable("the log is empty".into()));
    }
    state.command_count = loaded.command_count;
    for command in &loaded.unfinished {
        state.note_command(command);
    }
    Ok((state, tail))
}

/// Folds stored events into a state that ends right before them.
pub(super) fn fold_events(state: &mut SessionState, tail: &mut Tail, events: &[StoredEvent]) -> Result<(), Failure> {
    for StoredEvent { sequence, event_type, payload, at } in events {
        if *sequence != state.last_sequence.next() {
            count_violation(InvariantId::I1);
            return Err(unreadable(format!("event {sequence} follows event {}", state.last_sequence)));
        }
        let body = EventBody::read(*event_type, payload).map_err(|error| unreadable(format!("event {sequence}: {error}")))?;
        state.evolve(&SessionEvent { sequence: *sequence, at: *at, body });
        tail.events += 1;
        tail.bytes += payload.len();
    }
    Ok(())
}

fn unreadable(what: String) -> Failure {
    Failure::new(FailureClass::Fault, "store.inconsistent", what)
}

fn not_owner() -> Failure {
    Failure::new(FailureClass::NotOwner, "cluster.not_owner", "this node doesn't own the session's shard")
}

fn closed(error: AppendError) -> Failure {
    Failure::new(FailureClass::Surroundings, "journal.closed", error)
}
