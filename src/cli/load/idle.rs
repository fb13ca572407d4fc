//! `cowork load idle`: what streams cost on which nothing happens.

use super::{
    connect::open_all,
    options::CommonArgs,
    population::Population,
    process::{ProcessReading, read_process},
    progress::Progress,
    report::Findings,
    stream::{Frame, STREAMS_PER_TASK, Sink, watch},
    window::Window,
};
use anyhow::ensure;
use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;
use std::{io, sync::Arc, time::Instant};
use tokio::task::JoinSet;

const OPEN_CONCURRENCY: usize = 256;

/// Keeps streams open without events; with --server-pid reports the server's CPU share and memory per stream
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdleArgs {
    /// Streams to keep open, spread over the sessions of the population
    #[arg(long, default_value_t = 1000)]
    streams: usize,
}

pub(super) async fn run(args: &IdleArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.streams > 0, "--streams must be greater than zero");
    let population = Population::create(common, &progress).await?;
    // The memory of the sessions themselves, which were just made, is not that of the streams.
    let before = common.server_pid.map(read_process).transpose()?;
    let opening = open_all(&population, args.streams, OPEN_CONCURRENCY, &progress).await;
    let opened = opening.streams.len();

    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut watching = JoinSet::new();
    let mut streams = opening.streams.into_iter().enumerate().peekable();
    while streams.peek().is_some() {
        watching.spawn(watch(streams.by_ref().take(STREAMS_PER_TASK).collect(), Arc::clone(&seen)));
    }
    let window = Window::after_warmup(common);
    let (usage, ()) = tokio::try_join!(window.observe(common.server_pid), async {
        progress.wait("idle", common.warmup + common.duration, std::future::pending()).await;
        Ok(())
    })?;
    let after = common.server_pid.map(read_process).transpose()?;

    let mut findings = Findings { measured: window.length(), errors: opening.errors, ..Findings::default() };
    findings.errors.errors("stream ended", seen.lock().ended);
    let figures = &mut findings.figures;
    figures.count("streams", u64::try_from(opened)?);
    figures.latency("open", opening.latencies.summary());
    usage.add_to(figures);
    if let Some((before, after)) = before.zip(after) {
        figures.number("serverBytesPerStream", growth(before, after, opened));
    }
    Ok(findings)
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes stay far below 2^52")]
fn growth(before: ProcessReading, after: ProcessReading, streams: usize) -> f64 {
    (after.resident_bytes as f64 - before.resident_bytes as f64) / streams.max(1) as f64
}

#[derive(Default)]
struct Seen {
    ended: u64,
}

impl Sink for Seen {
    fn frame(&mut self, _stream: usize, _at: Instant, _frame: &Frame<'_>) {}

    fn ended(&mut self, _stream: usize, _outcome: &io::Result<()>) {
        self.ended += 1;
    }
}
