//! Lifting a quarantine.

use crate::{
    cluster::request::{Answer, Request},
    node::{
        Shared,
        route::{Routed, Try},
    },
    session::SessionError,
    supervise::{EntityKey, LiftOutcome, ShardMsg},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Lets a quarantined entity take requests again.
pub(in crate::node) struct Lift {
    pub(in crate::node) shared: Arc<Shared>,
    pub(in crate::node) key: EntityKey,
}

impl Routed for Lift {
    type Output = LiftOutcome;

    fn entity(&self) -> EntityKey {
        self.key.clone()
    }

    fn request(&self) -> Request {
        Request::Lift { entity: self.key.to_string() }
    }

    fn read(&self, answer: Answer) -> Option<LiftOutcome> {
        match answer {
            Answer::Lifted(outcome) => Some(outcome),
            _ => None,
        }
    }

    async fn perform(&self) -> Result<Try<LiftOutcome>, SessionError> {
        let Some((shard, _)) = self.shared.ownership.now().and_then(|owned| owned.of(self.key.shard_key())) else {
            return Ok(Try::Again);
        };
        // A shard without a supervisor has no entities, and so none in quarantine.
        let Some(supervisor) = self.shared.shards.get(&shard).map(|supervisor| supervisor.clone()) else {
            return Ok(Try::Done(LiftOutcome::NotQuarantined));
        };
        let (reply, lifted) = oneshot::channel();
        supervisor.cast(ShardMsg::Lift { key: self.key.clone(), reply }).ok();
        Ok(lifted.await.map_or(Try::Again, |lifted| Try::Done(if lifted { LiftOutcome::Lifted } else { LiftOutcome::NotQuarantined })))
    }
}
