//! `cowork load accept`: latency without load.

use super::{
    drive::{Drive, drive},
    options::CommonArgs,
    pace::Pace,
    progress::Progress,
    report::Findings,
    tracker::Watch,
};
use clap::Args;
use serde::Serialize;

/// One prompt at a time: how long until it is accepted, and until the session's subscriber sees its first event
#[derive(Debug, Clone, Args, Serialize)]
pub(super) struct AcceptArgs {
    /// Text of the prompts
    #[arg(long, default_value = "hello")]
    text: String,
}

pub(super) async fn run(args: &AcceptArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    let one_at_a_time = Pace::Closed { concurrency: 1 };
    drive(Drive { text: args.text.as_str().into(), pace: one_at_a_time, watch: Watch::Session }, common, progress).await
}
