//! `cowork load churn`: streams that come and go.

use super::{
    connect::open_one,
    errors::ErrorTally,
    latencies::Latencies,
    options::CommonArgs,
    pace::{Pace, Starts},
    population::Population,
    progress::Progress,
    report::Findings,
    window::Window,
};
use anyhow::ensure;
use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;
use std::{sync::Arc, time::Instant};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

/// Opens a stream, sees `: connected`, closes it: at a fixed rate
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChurnArgs {
    /// Streams opened and closed per second; latency counts from the intended time
    #[arg(long, default_value_t = 200.0, value_name = "PER_SECOND")]
    rate: f64,
}

#[derive(Default)]
struct Tally {
    in_window: u64,
    open: Latencies,
    errors: ErrorTally,
}

pub(super) async fn run(args: &ChurnArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.rate.is_finite() && args.rate > 0.0, "--rate must be greater than zero");
    let population = Arc::new(Population::create(common, &progress).await?);
    let window = Window::after_warmup(common);
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut starts = Starts::new(Pace::Open { per_second: args.rate }, Arc::new(Semaphore::new(0)), Instant::now(), window.end);
    let mut visits = JoinSet::new();
    let churning = async {
        let mut number = 0;
        while let Some(start) = starts.next().await {
            visits.spawn(visit(Arc::clone(&population), number, start.intended(), window, Arc::clone(&tally)));
            while visits.try_join_next().is_some() {}
            number += 1;
        }
    };
    let (usage, (), ()) = tokio::try_join!(
        window.observe(common.server_pid),
        async {
            progress.wait("opening and closing", common.warmup + common.duration, std::future::pending()).await;
            Ok(())
        },
        async {
            churning.await;
            Ok(())
        }
    )?;
    timeout(common.drain, async { while visits.join_next().await.is_some() {} }).await.ok();

    let mut tally = tally.lock();
    tally.errors.errors("stream not opened in time", u64::try_from(visits.len())?);
    let mut findings = Findings { measured: window.length(), errors: tally.errors.clone(), ..Findings::default() };
    findings.figures.rate("opensPerSecond", tally.in_window, window.length());
    findings.figures.latency("open", tally.open.summary());
    usage.add_to(&mut findings.figures);
    Ok(findings)
}

async fn visit(population: Arc<Population>, number: usize, intended: Instant, window: Window, tally: Arc<Mutex<Tally>>) {
    tally.lock().errors.attempt();
    let (outcome, _) = open_one(&population, number).await;
    let mut tally = tally.lock();
    match outcome {
        Ok(_closed_when_dropped) if window.contains(intended) => {
            tally.open.record(intended.elapsed());
            tally.in_window += 1;
        }
        Ok(_) => {}
        Err(error) => tally.errors.error(error.to_string()),
    }
}
