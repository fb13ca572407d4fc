//! The way to an entity: here, through its supervisor; elsewhere, through its owner's gate. A caller
//! whose request meets a restart or a move waits for the owner up to its deadline instead of getting
//! an error.

use super::{Shared, root::NodeRootMsg};
use crate::{
    cluster::{
        Place,
        request::{Answer, Request},
    },
    session::SessionError,
    supervise::{EntityKey, EntityRef, RouteError, ShardMsg, Start},
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

/// Finds or starts an entity that this node owns, once.
pub(crate) async fn activate(shared: &Arc<Shared>, start: Start) -> Result<EntityRef, RouteError> {
    let key = start.key();
    let owned = shared.ownership.now().ok_or(RouteError::NotNow)?;
    let (shard, _) = owned.of(key.shard_key()).ok_or(RouteError::NotNow)?;
    if let Some(entity) = shared.table.get(&key) {
        return Ok(entity);
    }
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
#[derive(Debug)]
pub(super) enum Try<T> {
    Done(T),
    /// The entity was not there, or went away before it answered: the outcome is unknown, and the
    /// same id is sent again.
    Again,
}

/// One request in its two forms.
pub(super) trait Routed {
    /// What the caller gets.
    type Output;

    /// Which entity it is for.
    fn entity(&self) -> EntityKey;
    /// As it is sent to another node.
    fn request(&self) -> Request;
    /// Reads the answer of another node; `None` if it makes no sense.
    fn read(&self, answer: Answer) -> Option<Self::Output>;
    /// Does it on this node.
    fn perform(&self) -> impl Future<Output = Result<Try<Self::Output>, SessionError>> + Send;
    /// Another try may meet what this one did.
    fn tried(&mut self) {}
}

/// Brings a request to the owner of its entity, wherever that is, until it is done or the deadline is over.
pub(super) async fn at_owner<R: Routed>(shared: &Shared, routed: R) -> Result<R::Output, SessionError> {
    at_owner_until(shared, routed, Instant::now() + shared.options.deadline).await
}

/// As [`at_owner`], with a deadline of its own.
pub(super) async fn at_owner_until<R: Routed>(shared: &Shared, mut routed: R, deadline: Instant) -> Result<R::Output, SessionError> {
    let key = routed.entity();
    let mut pause = FIRST_PAUSE;
    loop {
        let tried = tokio::time::timeout_at(deadline.into(), attempt(shared, &key, &routed, deadline)).await;
        match tried.map_err(|_| SessionError::Unavailable)?.map_err(|error| error.of(key.kind()))? {
            Try::Done(output) => return Ok(output),
            Try::Again if shared.stop.is_cancelled() => return Err(SessionError::Unavailable),
            Try::Again => routed.tried(),
        }
        if Instant::now() + pause >= deadline {
            return Err(SessionError::Unavailable);
        }
        tokio::time::sleep(shared.clock.jitter(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt<R: Routed>(shared: &Shared, key: &EntityKey, routed: &R, deadline: Instant) -> Result<Try<R::Output>, SessionError> {
    match shared.place(key) {
        Place::Here => routed.perform().await,
        Place::NotNow => Ok(Try::Again),
        Place::Peer(owner) => {
            metrics::counter!("cowork_requests_forwarded_total").increment(1);
            let request = routed.request();
            let answer = tokio::select! {
                answer = shared.remote.ask(&owner.name, &request, deadline) => answer,
                // Whatever became of it there: the new owner knows it from the log.
                () = shared.whereabouts.moved(key.shard_key(), &owner) => return Ok(Try::Again),
            };
            match answer {
                Ok(Answer::Failed(SessionError::Unavailable) | Answer::NotNow | Answer::Unknown) | Err(_) => Ok(Try::Again),
                Ok(Answer::Failed(error)) => Err(error),
                Ok(answer) => Ok(routed.read(answer).map_or(Try::Again, Try::Done)),
            }
        }
    }
}

impl<T> Try<T> {
    /// What a failed search for an entity means to a client.
    pub(super) fn from_route(error: RouteError) -> Result<Self, SessionError> {
        match error {
            RouteError::Absent => Err(SessionError::NotFound),
            RouteError::Quarantined { code } => Err(SessionError::Quarantined { code: code.into() }),
            RouteError::NotNow => Ok(Self::Again),
        }
    }
}
