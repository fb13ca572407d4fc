//! `cowork load connect`: how fast event streams open.

use super::{
    errors::ErrorTally,
    latencies::Latencies,
    options::CommonArgs,
    population::Population,
    progress::Progress,
    report::Findings,
    stream::{OpenError, RawStream},
};
use anyhow::ensure;
use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Opens streams as fast as possible; a stream is open once `: connected` was seen on it
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectArgs {
    /// Streams to open, spread over the sessions of the population
    #[arg(long, default_value_t = 1000)]
    streams: usize,
    /// Connections that may be on their way at the same time
    #[arg(long, default_value_t = 256)]
    concurrency: usize,
}

pub(super) async fn run(args: &ConnectArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.streams > 0 && args.concurrency > 0, "--streams and --concurrency must be greater than zero");
    let population = Population::create(common, &progress).await?;
    let begin = Instant::now();
    let opening = open_all(&population, args.streams, args.concurrency, &progress).await;
    let elapsed = begin.elapsed();

    let mut findings = Findings { measured: elapsed, errors: opening.errors, ..Findings::default() };
    let opened = u64::try_from(opening.streams.len())?;
    findings.figures.count("opened", opened);
    findings.figures.number("allOpenAfterMs", elapsed.as_secs_f64() * 1000.0);
    findings.figures.rate("opensPerSecond", opened, elapsed);
    findings.figures.latency("open", opening.latencies.summary());
    Ok(findings)
}

/// Streams that opened, and how it went.
pub(super) struct Opening {
    pub(super) streams: Vec<RawStream>,
    pub(super) latencies: Latencies,
    pub(super) errors: ErrorTally,
}

/// Opens so many session streams, some at a time.
pub(super) async fn open_all(population: &Population, count: usize, concurrency: usize, progress: &Progress) -> Opening {
    let mut opening = Opening { streams: Vec::with_capacity(count), latencies: Latencies::default(), errors: ErrorTally::default() };
    let bar = progress.count("opening streams", count);
    let mut outcomes = stream::iter((0..count).map(|number| open_one(population, number))).buffer_unordered(concurrency);
    while let Some((outcome, took)) = outcomes.next().await {
        bar.inc(1);
        opening.errors.attempt();
        match outcome {
            Ok(stream) => {
                opening.latencies.record(took);
                opening.streams.push(stream);
            }
            Err(error) => opening.errors.error(error.to_string()),
        }
    }
    bar.finish_and_clear();
    opening
}

/// Opens the stream of one session of the population and says how long it took.
pub(super) async fn open_one(population: &Population, number: usize) -> (Result<RawStream, OpenError>, Duration) {
    let session = population.sessions[number % population.sessions.len()];
    let path = format!("/api/sessions/{}/events", session.id);
    let begin = Instant::now();
    let outcome = RawStream::open(population.endpoint(session.user), &population.users[session.user], &path).await;
    (outcome, begin.elapsed())
}
