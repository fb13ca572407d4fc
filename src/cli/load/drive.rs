//! Prompts at a pace, followed to their ends: the engine of `prompts`, `accept` and `events`.

use super::{
    options::CommonArgs,
    pace::{Pace, Starts},
    population::Population,
    progress::Progress,
    report::Findings,
    stream::{RawStream, STREAMS_PER_TASK, watch},
    tracker::{Tracker, Watch},
    window::Window,
};
use anyhow::bail;
use cowork_client::Client;
use cowork_domain::ids::SessionId;
use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

/// A session that was refused rests this long, so that a closed loop doesn't turn into a flood of refusals.
pub(super) const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(50);
const SETTLE_TIMEOUT: Duration = Duration::from_mins(1);

/// What to send, how often, and how to watch it.
#[derive(Debug, Clone)]
pub(super) struct Drive {
    pub(super) text: Arc<str>,
    pub(super) pace: Pace,
    pub(super) watch: Watch,
}

/// Runs the prompts and reports what came of them.
pub(super) async fn drive(drive: Drive, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    let population = Population::create(common, &progress).await?;
    let streams = match drive.watch {
        Watch::Session => population.open_session_streams(&population.sessions, &progress).await?,
        Watch::Workspace => population.open_workspace_streams(&progress).await?,
        Watch::None => Vec::new(),
    };
    let (free, freed) = mpsc::unbounded_channel();
    let unmeasured = Window::after_warmup(common);
    let tracker = Tracker::new(drive.watch, &population.sessions, streams.len(), unmeasured, free);
    let tracker = Arc::new(Mutex::new(tracker));
    let _watching = spawn_watchers(streams, &tracker);
    settle(&tracker).await?;

    let window = Window::after_warmup(common);
    tracker.lock().measure(window);
    let starts = Starts::new(drive.pace, tracker.lock().slots(), Instant::now(), window.end);
    let planned = starts.planned();
    let dispatching = dispatch(starts, freed, &population, Arc::clone(&tracker), drive.text);
    let (usage, ()) = tokio::try_join!(window.observe(common.server_pid), async {
        progress
            .wait("sending prompts", common.warmup + common.duration + common.drain, async {
                dispatching.await.finish(&tracker, common.drain).await;
            })
            .await;
        Ok(())
    })?;

    let mut tracker = tracker.lock();
    let mut findings =
        Findings { measured: window.length(), integrity: tracker.finish(planned), errors: tracker.errors.clone(), ..Findings::default() };
    let figures = &mut findings.figures;
    if drive.watch == Watch::None {
        figures.rate("acceptedPerSecond", tracker.accepted.summary().count, window.length());
        figures.latency("accepted", tracker.accepted.summary());
    } else {
        figures.rate("completedPerSecond", tracker.completed_in_window, window.length());
        figures.rate("eventsPerSecond", tracker.events_in_window, window.length());
        figures.latency("accepted", tracker.accepted.summary());
        figures.latency("firstEvent", tracker.first_event.summary());
        figures.latency("completed", tracker.completed.summary());
    }
    usage.add_to(figures);
    Ok(findings)
}

/// Tasks that read the streams until they are dropped.
fn spawn_watchers(streams: Vec<RawStream>, tracker: &Arc<Mutex<Tracker>>) -> JoinSet<()> {
    let mut watching = JoinSet::new();
    let mut numbered = streams.into_iter().enumerate().peekable();
    while numbered.peek().is_some() {
        watching.spawn(watch(numbered.by_ref().take(STREAMS_PER_TASK).collect(), Arc::clone(tracker)));
    }
    watching
}

/// Waits until each session was seen on its stream: only then is an event that doesn't come missing.
async fn settle(tracker: &Mutex<Tracker>) -> anyhow::Result<()> {
    let changed = tracker.lock().changed();
    let settled = async {
        while tracker.lock().unborn() > 0 {
            changed.notified().await;
        }
    };
    if timeout(SETTLE_TIMEOUT, settled).await.is_err() {
        bail!("{} sessions did not show on their event streams within {SETTLE_TIMEOUT:?}", tracker.lock().unborn());
    }
    Ok(())
}

/// Requests that may still be under way.
struct Submissions(JoinSet<()>);

/// Starts prompts until the end of the window, or until the plan is done that a slow cloud delays.
async fn dispatch(
    mut starts: Starts,
    mut freed: mpsc::UnboundedReceiver<usize>,
    population: &Population,
    tracker: Arc<Mutex<Tracker>>,
    text: Arc<str>,
) -> Submissions {
    let mut submissions = JoinSet::new();
    while let Some(start) = starts.next().await {
        let Some(session) = freed.recv().await else { break };
        let load = population.sessions[session];
        let client = population.users[load.user].clone();
        submissions.spawn(submit(client, load.id, session, start.intended(), Arc::clone(&text), Arc::clone(&tracker)));
        while submissions.try_join_next().is_some() {}
    }
    Submissions(submissions)
}

async fn submit(client: Client, id: SessionId, session: usize, intended: Instant, text: Arc<str>, tracker: Arc<Mutex<Tracker>>) {
    let prompt = tracker.lock().begin(session, intended);
    match client.submit_prompt(id, &text).await {
        Ok(()) => tracker.lock().accepted(session, &prompt),
        Err(error) => {
            tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
            tracker.lock().refused(session, &prompt, &error);
        }
    }
}

impl Submissions {
    /// Waits for the prompts under way, but no longer than `drain`.
    async fn finish(mut self, tracker: &Mutex<Tracker>, drain: Duration) {
        let changed = tracker.lock().changed();
        let drained = async {
            while self.0.join_next().await.is_some() {}
            while tracker.lock().in_flight() > 0 {
                changed.notified().await;
            }
        };
        timeout(drain, drained).await.ok(); // the tracker reports what is missing
    }
}
