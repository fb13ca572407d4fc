//! One lane: a queue, a connection, and nothing that could be guessed.

use super::request::{AppendError, AppendReply, Committed, LaneItem};
use crate::{
    clock::Clock,
    cluster::{Ownership, OwnershipWatch},
    feed::FeedHub,
};
use cowork_domain::ids::SessionId;
use cowork_store::{Append, AppendError as StoreAppendError, BatchOutcome, LaneConnection, Refusal, Store};
use futures_util::FutureExt;
use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Mutex, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Rows per transaction: more gains nothing and lengthens the fence's wait (measured).
const BATCH_ROWS: usize = 1024;
/// The pause before a batch is sent again, or a connection opened.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LAST: Duration = Duration::from_secs(1);

pub(super) struct Lane {
    number: usize,
    store: Store,
    hub: Arc<FeedHub>,
    ownership: OwnershipWatch,
    connected: Arc<AtomicBool>,
    stop: CancellationToken,
}

struct Waiting {
    append: Box<Append>,
    reply: AppendReply,
}

impl Waiting {
    fn rows(&self) -> usize {
        self.append.events.len() + self.append.commands.len()
    }
}

/// The open connection, under the incarnation that it writes for.
struct Connected {
    connection: LaneConnection,
    ownership: Arc<Ownership>,
    batch: u64,
}

impl Lane {
    pub(super) fn new(
        number: usize,
        store: Store,
        hub: Arc<FeedHub>,
        ownership: OwnershipWatch,
        connected: Arc<AtomicBool>,
        stop: CancellationToken,
    ) -> Self {
        Self { number, store, hub, ownership, connected, stop }
    }

    /// Runs the lane, and runs it again if it panics: the queue outlives it. Whoever waited for the
    /// broken batch learns nothing from it, restarts, and reads the log.
    pub(super) fn supervise(self, queue: mpsc::Receiver<LaneItem>, tasks: &TaskTracker) {
        let queue = Mutex::new(queue);
        tasks.spawn(async move {
            while AssertUnwindSafe(self.run(&queue)).catch_unwind().await.is_err() {
                metrics::counter!("cowork_journal_lane_panics_total").increment(1);
                tracing::error!(lane = self.number, "a journal lane panicked and starts again");
            }
        });
    }

    async fn run(&self, queue: &Mutex<mpsc::Receiver<LaneItem>>) {
        let mut queue = queue.lock().await;
        let mut items = Vec::new();
        let mut waiting = VecDeque::new();
        let mut barriers = Vec::new();
        let mut connected = None;
        loop {
            let taken = tokio::select! {
                biased;
                taken = queue.recv_many(&mut items, BATCH_ROWS) => taken,
                () = self.stop.cancelled() => 0,
                () = self.ownership_moved(connected.as_ref()) => {
                    connected = self.connect().await;
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            metrics::gauge!("cowork_journal_queue", "lane" => self.number.to_string()).set(small(queue.len()));
            for item in items.drain(..) {
                match item {
                    LaneItem::Append { append, reply } => waiting.push_back(Waiting { append, reply }),
                    LaneItem::Barrier { session, passed } if has_append_of(&waiting, session) => barriers.push(passed),
                    // What was taken earlier has ended.
                    LaneItem::Barrier { passed, .. } => drop(passed.send(())),
                }
            }
            self.commit_all(&mut connected, &mut waiting).await;
            for passed in barriers.drain(..) {
                passed.send(()).ok();
            }
        }
    }

    /// Resolves when the connection is missing or belongs to an incarnation of the past.
    async fn ownership_moved(&self, connected: Option<&Connected>) {
        let incarnation = connected.map(|connected| connected.ownership.incarnation);
        self.ownership.clone().wait_for_other(incarnation).await;
    }

    async fn commit_all(&self, connected: &mut Option<Connected>, waiting: &mut VecDeque<Waiting>) {
        while !waiting.is_empty() {
            let mut rows = 0;
            let mut batch = Vec::new();
            while let Some(next) = waiting.pop_front_if(|next| batch.is_empty() || rows + next.rows() <= BATCH_ROWS) {
                rows += next.rows();
                batch.push(next);
            }
            self.commit(connected, batch, rows).await;
        }
    }

    /// Commits a batch, drops what is refused, and cuts a rejected batch in halves until the culprit
    /// stands alone.
    async fn commit(&self, connected: &mut Option<Connected>, batch: Vec<Waiting>, rows: usize) {
        let started = Clock.instant();
        let mut pause = RETRY_FIRST;
        let mut work = vec![batch];
        while let Some(mut batch) = work.pop() {
            if batch.is_empty() {
                continue;
            }
            if connected.is_none() {
                *connected = self.connect().await;
            }
            let Some(lane) = connected.as_mut() else {
                refuse(batch, &AppendError::Closed);
                continue;
            };
            lane.batch += 1;
            let appends: Vec<&Append> = batch.iter().map(|waiting| &*waiting.append).collect();
            match lane.connection.append(lane.batch, &appends).await {
                Ok(BatchOutcome::Committed(firsts)) => {
                    for (waiting, first) in batch.into_iter().zip(firsts) {
                        if let Some(first) = first {
                            self.hub.publish(&waiting.append, first);
                        }
                        waiting.reply.send(Ok(Committed)).ok();
                    }
                }
                Ok(BatchOutcome::Refused(refusals)) => {
                    metrics::counter!("cowork_journal_refused_total").increment(refusals.len() as u64);
                    let mut rest = Vec::with_capacity(batch.len());
                    for (index, waiting) in batch.into_iter().enumerate() {
                        match refusals.get(&index) {
                            Some(refusal) => drop(waiting.reply.send(Err((*refusal).into()))),
                            None => rest.push(waiting),
                        }
                    }
                    work.push(rest);
                }
                Err(StoreAppendError::Fenced) => {
                    metrics::counter!("cowork_fenced_writes_total").increment(batch.len() as u64);
                    refuse(batch, &AppendError::NotOwner);
                    self.ownership.report_fenced(lane.ownership.incarnation);
                    *connected = None;
                }
                // A deadlock, a full disk: nobody in the batch is to blame.
                Err(StoreAppendError::Rejected(rejection)) if rejection.is_transient() => {
                    metrics::counter!("cowork_journal_retried_total").increment(1);
                    tracing::warn!(lane = self.number, code = rejection.code, "the database can't take a batch yet");
                    tokio::select! {
                        () = self.stop.cancelled() => refuse(batch, &AppendError::Closed),
                        () = tokio::time::sleep(Clock.jitter(pause)) => work.push(batch),
                    }
                    pause = (pause * 2).min(RETRY_LAST);
                }
                Err(StoreAppendError::Rejected(rejection)) if batch.len() == 1 => {
                    metrics::counter!("cowork_journal_rejected_total").increment(1);
                    let Waiting { append, reply } = batch.remove(0);
                    tracing::error!(session = %append.identity.session, code = rejection.code, "the database refused an append");
                    reply.send(Err(AppendError::Rejected(rejection.code))).ok();
                }
                Err(StoreAppendError::Rejected(_)) => {
                    let second = batch.split_off(batch.len() / 2);
                    work.push(second);
                    work.push(batch);
                }
                Err(StoreAppendError::OutcomeUnknown(error)) => {
                    tracing::warn!(lane = self.number, %error, "a journal connection was lost in mid-batch");
                    metrics::counter!("cowork_journal_outcome_unknown_total").increment(1);
                    if let Some(batch) = self.resolve(connected, batch).await {
                        work.push(batch);
                    }
                }
            }
        }
        metrics::histogram!("cowork_journal_batch_rows").record(small(rows));
        metrics::histogram!("cowork_journal_commit_seconds").record(started.elapsed().as_secs_f64());
    }

    /// After a lost connection: the old backend is ended, its lock is ours, and only then the mark of
    /// the last batch is read. Gives the batch back if it was not committed.
    async fn resolve(&self, connected: &mut Option<Connected>, batch: Vec<Waiting>) -> Option<Vec<Waiting>> {
        let lost = connected.take().expect("an outcome is unknown only on a connection");
        let number = lost.batch;
        drop(lost.connection);
        let mark = loop {
            *connected = self.connect().await;
            let Some(lane) = connected.as_mut() else { return Some(batch) };
            match lane.connection.last_batch().await {
                Ok(mark) => break mark,
                Err(error) => tracing::warn!(lane = self.number, %error, "the mark of the last batch can't be read yet"),
            }
        };
        // Under a new incarnation there is no such mark: the batch is sent again, and refused because
        // its epochs are gone.
        if mark != Some(number) {
            return Some(batch);
        }
        for waiting in batch {
            self.hub.forget(waiting.append.identity.session, waiting.append.workspace);
            waiting.reply.send(Ok(Committed)).ok();
        }
        None
    }

    /// Connects under the current incarnation, however long the database stays away. `None` only when
    /// the node stops.
    async fn connect(&self) -> Option<Connected> {
        self.connected.store(false, Ordering::Relaxed);
        let mut pause = RETRY_FIRST;
        loop {
            let mut watch = self.ownership.clone();
            let ownership = tokio::select! {
                () = self.stop.cancelled() => return None,
                ownership = watch.current() => ownership,
            };
            let lane = i32::try_from(self.number).expect("a node has few lanes");
            match self.store.open_lane(ownership.node, ownership.incarnation, lane).await {
                // Batches are counted over the connections of one incarnation, so that a mark is
                // never mistaken for an older one.
                Ok(mut connection) => match connection.last_batch().await {
                    Ok(mark) => {
                        self.connected.store(true, Ordering::Relaxed);
                        return Some(Connected { connection, ownership, batch: mark.unwrap_or(0) });
                    }
                    Err(error) => tracing::warn!(lane = self.number, %error, "the mark of a lane can't be read yet"),
                },
                Err(error) => tracing::warn!(lane = self.number, %error, "a journal lane can't connect yet"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(Clock.jitter(pause)) => pause = (pause * 2).min(RETRY_LAST),
            }
        }
    }
}

fn refuse(batch: Vec<Waiting>, error: &AppendError) {
    for waiting in batch {
        waiting.reply.send(Err(error.clone())).ok();
    }
}

fn has_append_of(waiting: &VecDeque<Waiting>, session: SessionId) -> bool {
    waiting.iter().any(|waiting| waiting.append.identity.session == session)
}

/// A count for a metric: queues and batches are bounded far below what a float can't tell apart.
fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotOwner => Self::NotOwner,
            Refusal::DuplicateCommand(id) => Self::DuplicateCommand(id),
        }
    }
}
