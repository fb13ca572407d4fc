//! `cowork load prompts`: prompts per second, and how long each part of one takes.

use super::{
    drive::{Drive, drive},
    options::CommonArgs,
    pace::Pace,
    progress::Progress,
    report::Findings,
    tracker::Watch,
};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;

/// Prompts over the whole population, in an open loop (--rate) or a closed one (--concurrency)
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptsArgs {
    /// Prompts per second at times fixed in advance; latency counts from the intended time
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "concurrency")]
    rate: Option<f64>,
    /// Prompts under way at any time; the next starts when one completes
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
    /// Which streams to watch for events
    #[arg(long, value_enum, default_value_t = Watch::Workspace)]
    watch: Watch,
    /// Text of the prompts
    #[arg(long, default_value = "hello")]
    text: String,
}

pub(super) async fn run(args: &PromptsArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.rate.is_none_or(|rate| rate.is_finite() && rate > 0.0), "--rate must be greater than zero");
    ensure!(args.concurrency > 0, "--concurrency must be greater than zero");
    let pace = args.rate.map_or(Pace::Closed { concurrency: args.concurrency }, |per_second| Pace::Open { per_second });
    drive(Drive { text: args.text.as_str().into(), pace, watch: args.watch }, common, progress).await
}
