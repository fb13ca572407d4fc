//! `cowork load events`: durable events per second, end to end.

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

/// Every session answers long prompts all the time; events are counted as subscribers see them
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsArgs {
    /// Words of each answer of the demo model
    #[arg(long, default_value_t = 400)]
    words: u32,
    /// Sessions that work at the same time; the default is all
    #[arg(long)]
    concurrency: Option<usize>,
}

pub(super) async fn run(args: &EventsArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.concurrency != Some(0), "--concurrency must be greater than zero");
    let concurrency = args.concurrency.unwrap_or(usize::MAX >> 4); // the sessions are the limit then
    let text = format!("[[text:{}]] go", args.words).into();
    drive(Drive { text, pace: Pace::Closed { concurrency }, watch: Watch::Workspace }, common, progress).await
}
