//! The journal: every change of the log goes through a lane, in batches, in one round trip.
//!
//! A lane takes whatever waits and commits it as one transaction. There is no timer: an empty queue
//! commits one append at once, a busy one batches by itself. Lane input is bounded, so a full lane
//! makes the actor wait (architecture §3). The sessions of one user share a lane, because they
//! share the user's workspace counter.

mod lane;
mod request;

pub(crate) use request::{AppendError, Committed};

use crate::{cluster::OwnershipWatch, feed::FeedHub};
use cowork_domain::ids::{SessionId, WorkspaceId};
use cowork_store::{Append, Store};
use futures_util::future::try_join_all;
use lane::Lane;
use request::LaneItem;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Appends that may wait in front of one lane.
const LANE_QUEUE: usize = 2048;

/// A handle to all lanes of this node.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    lanes: Arc<[LaneHandle]>,
}

#[derive(Debug)]
struct LaneHandle {
    input: mpsc::Sender<LaneItem>,
    connected: Arc<AtomicBool>,
}

impl Journal {
    /// Starts `lanes` lanes. They connect once the node owns something.
    pub(crate) fn start(
        lanes: usize,
        store: &Store,
        hub: &Arc<FeedHub>,
        ownership: &OwnershipWatch,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let lanes = (0..lanes.max(1)).map(|number| {
            let (input, queue) = mpsc::channel(LANE_QUEUE);
            let connected = Arc::new(AtomicBool::new(false));
            let lane = Lane::new(number, store.clone(), hub.clone(), ownership.clone(), connected.clone(), stop.clone());
            lane.supervise(queue, tasks);
            LaneHandle { input, connected }
        });
        Self { lanes: lanes.collect() }
    }

    /// Makes an append durable and visible.
    pub(crate) async fn append(&self, append: Box<Append>) -> Result<Committed, AppendError> {
        let (reply, committed) = oneshot::channel();
        let lane = self.lane_of(append.workspace);
        lane.input.send(LaneItem::Append { append, reply }).await.map_err(|_| AppendError::Closed)?;
        committed.await.unwrap_or(Err(AppendError::Closed))
    }

    /// Returns once every append of this session that was given before has ended, so that one of its
    /// previous life is either in the log that it loads now, or refused. Which lane it went through is
    /// known from the session's row only; to ask all lanes takes less time than to read that.
    pub(crate) async fn barrier(&self, session: SessionId) -> Result<(), AppendError> {
        let passages = self.lanes.iter().map(|lane| async move {
            let (passed, passage) = oneshot::channel();
            lane.input.send(LaneItem::Barrier { session, passed }).await.map_err(|_| AppendError::Closed)?;
            passage.await.map_err(|_| AppendError::Closed)
        });
        try_join_all(passages).await.map(drop)
    }

    /// Whether every lane has its connection.
    pub(crate) fn is_connected(&self) -> bool {
        self.lanes.iter().all(|lane| lane.connected.load(Ordering::Relaxed))
    }

    /// How much waits in front of the lanes, apart from what they are at.
    #[cfg(test)]
    pub(crate) fn queued(&self) -> usize {
        self.lanes.iter().map(|lane| lane.input.max_capacity() - lane.input.capacity()).sum()
    }

    fn lane_of(&self, workspace: WorkspaceId) -> &LaneHandle {
        let key = workspace.as_uuid().as_u64_pair().1;
        let index = usize::try_from(key % self.lanes.len() as u64).expect("smaller than the number of lanes");
        &self.lanes[index]
    }
}
