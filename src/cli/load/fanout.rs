//! `cowork load fanout`: one session's events to many subscribers.

mod audience;

use self::audience::Audience;
use super::{
    drive::PAUSE_AFTER_REFUSAL,
    errors::ErrorTally,
    options::CommonArgs,
    pace::{Pace, Starts},
    population::{LoadSession, Population},
    progress::Progress,
    report::Findings,
    stream::{STREAMS_PER_TASK, watch},
    window::Window,
};
use anyhow::ensure;
use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

/// Many subscribers of one session; deliveries per second, their latency, and that nothing is lost, doubled or swapped
///
/// Delivery latency counts from the arrival of an event at the first subscriber: it is the time that
/// the sweep over all others takes. `createdToArrival` counts from the event's own time stamp (whole
/// milliseconds of the server's clock, so only meaningful on one machine) at every 64th subscriber.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FanoutArgs {
    /// Subscribers of the session
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// Prompts per second to the session; without it the next prompt starts when one completes
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Text of the prompts; `[[text:N]]` makes the demo model answer N words
    #[arg(long, default_value = "hello")]
    text: String,
}

pub(super) async fn run(args: &FanoutArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.subscribers > 0, "--subscribers must be greater than zero");
    ensure!(args.rate.is_none_or(|rate| rate.is_finite() && rate > 0.0), "--rate must be greater than zero");
    let one_session = CommonArgs { orgs: 1, users_per_org: 1, sessions_per_user: 1, ..common.clone() };
    let population = Population::create(&one_session, &progress).await?;
    let session = population.sessions[0];
    let mut streams =
        population.open_session_streams(&vec![session; args.subscribers], &progress).await?.into_iter().enumerate().peekable();

    let window = Window::after_warmup(common);
    let audience = Arc::new(Mutex::new(Audience::new(args.subscribers, window)));
    let mut watching = JoinSet::new();
    while streams.peek().is_some() {
        watching.spawn(watch(streams.by_ref().take(STREAMS_PER_TASK).collect(), Arc::clone(&audience)));
    }

    let pace = args.rate.map_or(Pace::Closed { concurrency: 1 }, |per_second| Pace::Open { per_second });
    let starts = Starts::new(pace, audience.lock().turn_ended(), Instant::now(), window.end);
    let producing = produce(starts, &population, session, &args.text, audience.lock().turn_ended(), common.drain);
    let (usage, (), produced) = tokio::try_join!(
        window.observe(common.server_pid),
        async {
            progress.wait("sending prompts", common.warmup + common.duration, std::future::pending()).await;
            Ok(())
        },
        producing
    )?;
    let end = all_caught_up(&population, session, &audience, common.drain).await?;

    let audience = audience.lock();
    let mut findings = Findings { measured: window.length(), integrity: audience.integrity(end), errors: produced, ..Findings::default() };
    findings.errors.errors("stream ended", audience.ended);
    let figures = &mut findings.figures;
    figures.count("subscribers", u64::try_from(args.subscribers)?);
    figures.rate("deliveriesPerSecond", audience.deliveries_in_window, window.length());
    figures.rate("eventsPerSecond", audience.events_in_window, window.length());
    figures.latency("delivery", audience.delivery.summary());
    figures.latency("createdToArrival", audience.created_to_arrival.summary());
    usage.add_to(figures);
    Ok(findings)
}

/// Sends prompts until the end of the window; they queue in the session if they come too fast.
async fn produce(
    mut starts: Starts,
    population: &Population,
    session: LoadSession,
    text: &str,
    turn_ended: Arc<Semaphore>,
    drain: Duration,
) -> anyhow::Result<ErrorTally> {
    let errors = Arc::new(Mutex::new(ErrorTally::default()));
    let mut submissions = JoinSet::new();
    while starts.next().await.is_some() {
        let (client, text) = (population.users[session.user].clone(), text.to_owned());
        let (errors, turn_ended) = (Arc::clone(&errors), Arc::clone(&turn_ended));
        errors.lock().attempt();
        submissions.spawn(async move {
            if let Err(error) = client.submit_prompt(session.id, &text).await {
                errors.lock().call_failed(&error);
                tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
                turn_ended.add_permits(1);
            }
        });
        while submissions.try_join_next().is_some() {}
    }
    timeout(drain, async { while submissions.join_next().await.is_some() {} }).await.ok();
    let errors = errors.lock().clone();
    Ok(errors)
}

/// Waits until the session rests and every subscriber has seen its last event; gives that event's place.
async fn all_caught_up(population: &Population, session: LoadSession, audience: &Mutex<Audience>, drain: Duration) -> anyhow::Result<u64> {
    let changed = audience.lock().changed();
    let head = async || -> anyhow::Result<u64> {
        let now = population.users[session.user].session(session.id).await?;
        Ok(now.projection.map_or(0, |projection| projection.sequence.0))
    };
    let mut end = head().await?;
    let caught_up = async {
        loop {
            while !audience.lock().has_reached(end) {
                changed.notified().await;
            }
            let now = head().await?;
            if now == end {
                return anyhow::Ok(());
            }
            end = now;
        }
    };
    if let Ok(outcome) = timeout(drain, caught_up).await {
        outcome?;
    }
    Ok(end)
}
