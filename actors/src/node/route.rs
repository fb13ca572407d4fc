//! The way to an entity: local table first, then its supervisor. A caller whose request meets a
//! restart or a move waits for the owner up to its deadline instead of getting an error.

use super::{Shared, root::NodeRootMsg};
use crate::{
    session::SessionError,
    supervise::{EntityRef, RouteError, ShardMsg, Start},
};
use ractor::ActorRef;
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Finds or starts an entity, once.
pub(super) async fn activate(shared: &Arc<Shared>, start: Start) -> Result<EntityRef, RouteError> {
    let key = start.key();
    if let Some(entity) = shared.table.get(&key) {
        return Ok(entity);
    }
    let owned = shared.ownership.now().ok_or(RouteError::NotNow)?;
    let (shard, _) = owned.of(key.shard_key()).ok_or(RouteError::NotNow)?;
    let supervisor = supervisor(shared, shard).await?;
    let (reply, found) = oneshot::channel();
    supervisor.cast(ShardMsg::Activate { start, reply }).map_err(|_| RouteError::NotNow)?;
    found.await.unwrap_or(Err(RouteError::NotNow))
}

pub(super) async fn supervisor(shared: &Shared, shard: cowork_domain::ids::ShardId) -> Result<ActorRef<ShardMsg>, RouteError> {
    if let Some(known) = shared.shards.get(&shard) {
        return Ok(known.clone());
    }
    let root = shared.root.get().ok_or(RouteError::NotNow)?;
    let (reply, started) = oneshot::channel();
    root.cast(NodeRootMsg::Supervisor { shard, reply }).map_err(|_| RouteError::NotNow)?;
    started.await.map_err(|_| RouteError::NotNow)
}

/// What one try came to.
pub(super) enum Try<T> {
    Done(T),
    /// The entity was not there, or went away before it answered: the outcome is unknown, and the
    /// same id is sent again.
    Again,
}

/// Repeats `attempt` until it is done or the deadline is over.
pub(super) async fn until_deadline<T, F>(shared: &Shared, mut attempt: impl FnMut() -> F) -> Result<T, SessionError>
where
    F: Future<Output = Result<Try<T>, SessionError>>,
{
    let deadline = Instant::now() + shared.options.deadline;
    let mut pause = FIRST_PAUSE;
    loop {
        let tried = tokio::time::timeout_at(deadline.into(), attempt()).await.map_err(|_| SessionError::Unavailable)?;
        match tried? {
            Try::Done(value) => return Ok(value),
            Try::Again if shared.stop.is_cancelled() => return Err(SessionError::Unavailable),
            Try::Again => {}
        }
        if Instant::now() + pause >= deadline {
            return Err(SessionError::Unavailable);
        }
        tokio::time::sleep(shared.clock.jitter(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl<T> Try<T> {
    /// What a failed search for an entity means to a client.
    pub(super) fn from_route(error: RouteError) -> Result<Self, SessionError> {
        match error {
            RouteError::Absent => Err(SessionError::NotFound),
            RouteError::Quarantined { code } => Err(SessionError::Quarantined { code }),
            RouteError::NotNow => Ok(Self::Again),
        }
    }
}
