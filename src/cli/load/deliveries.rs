//! `cowork load deliveries`: what a backlog for a dead chat system costs another binding.

mod channel;
mod probe;

use super::{latencies::LatencySummary, options::CommonArgs, progress::Progress, report::Findings};
use anyhow::ensure;
use channel::Channels;
use clap::Args;
use probe::Probe;
use serde::Serialize;

/// The issue's own bound.
const NOTICEABLE_MS: f64 = 100.0;

/// Times how long deliveries of one binding wait for their claim: first alone, then beside the backlog of a dead provider
///
/// Deliveries are made at times that are fixed in advance, and one gateway waits for them; the time counts from the intended
/// start until the gateway has the delivery. Then the backlog is made on another binding of the same organisation, whose gateway
/// goes on claiming and failing, and the same is measured again. Needs --header-secret: it makes an organisation of its own.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveriesArgs {
    /// Deliveries that wait for the dead provider
    #[arg(long, default_value_t = 10_000)]
    backlog: u32,
    /// Chats that these are for; each is sent in its order
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    backlog_chats: u32,
    /// Attempts per second in which the dead provider's gateway fails
    #[arg(long, default_value_t = 20.0, value_name = "PER_SECOND")]
    failures: f64,
    /// Deliveries per second of the other binding
    #[arg(long, default_value_t = 20.0, value_name = "PER_SECOND")]
    rate: f64,
}

pub(super) async fn run(args: &DeliveriesArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.rate > 0.0 && args.rate.is_finite(), "--rate must be greater than zero");
    ensure!(args.failures > 0.0 && args.failures.is_finite(), "--failures must be greater than zero");
    let channels = Channels::create(common).await?;
    let probe = Probe::new(channels.alive.clone(), args.rate);
    let alone = probe.measure("alone", common, progress).await?;
    channels.dead.fill(args.backlog, args.backlog_chats, progress).await?;
    let failing = channels.dead.fail(args.failures);
    let beside = probe.measure("beside", common, progress).await?;
    let failed = failing.stop();

    let mut findings = probe.finish(common.duration * 2);
    if beside.p99_ms - alone.p99_ms > NOTICEABLE_MS {
        findings.errors.error("a backlog delayed another binding by more than 100 ms");
    }
    let figures = &mut findings.figures;
    figures.count("backlog", u64::from(args.backlog));
    figures.count("attemptsFailed", failed);
    figures.latency("createdToClaimedAlone", alone);
    figures.latency("createdToClaimedBeside", beside);
    let added = |of: fn(&LatencySummary) -> f64| of(&beside) - of(&alone);
    figures.number("addedP50Ms", added(|summary| summary.p50_ms));
    figures.number("addedP99Ms", added(|summary| summary.p99_ms));
    figures.number("addedMaxMs", added(|summary| summary.max_ms));
    Ok(findings)
}
