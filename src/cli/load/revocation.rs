//! `cowork load revocation`: how soon a stream ends after its token was taken back (invariant I7).

mod cohort;

use super::{
    latencies::Latencies,
    options::CommonArgs,
    progress::Progress,
    report::Findings,
    stream::{Frame, OpenError, RawStream, STREAMS_PER_TASK, Sink, watch},
};
use anyhow::ensure;
use clap::Args;
use cohort::Cohort;
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet};

/// Opens streams with API tokens on every node, takes the tokens back on the first, and times each stream's end
///
/// The sessions of the streams are prompted right before and right after their token is taken back, so that there is
/// something which must not arrive any more. Needs --header-secret: the tokens' issuers are owners of organisations that are
/// made for the run.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevocationArgs {
    /// Streams to open, spread over the nodes
    #[arg(long, default_value_t = 1000)]
    streams: usize,
    /// Streams of one token: one after the other on the nodes, sessions and workspaces by turns
    #[arg(long, default_value_t = 10)]
    streams_per_token: usize,
}

pub(super) async fn run(args: &RevocationArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    ensure!(args.streams > 0 && args.streams_per_token > 0, "--streams and --streams-per-token must be greater than zero");
    let cohort = Cohort::create(common, args.streams.div_ceil(args.streams_per_token), &progress).await?;
    let streams = cohort.open_streams(args.streams, args.streams_per_token, &progress).await?;
    let ends = Arc::new(Mutex::new(Ends::new(streams.len())));
    let mut watching = JoinSet::new();
    let mut numbered = streams.into_iter().enumerate().peekable();
    while numbered.peek().is_some() {
        watching.spawn(watch(numbered.by_ref().take(STREAMS_PER_TASK).collect(), Arc::clone(&ends)));
    }

    let mut findings = Findings::default();
    let mut revoked = Vec::with_capacity(cohort.tokens());
    let begin = Instant::now();
    let bar = progress.count("taking tokens back", cohort.tokens());
    let pause = common.duration / u32::try_from(cohort.tokens())?;
    for token in 0..cohort.tokens() {
        findings.errors.attempt();
        cohort.stir(token, &mut findings.errors).await;
        let asked = Instant::now();
        match cohort.revoke(token).await {
            Ok(()) => revoked.push((token, asked, asked.elapsed())),
            Err(error) => findings.errors.call_failed(&error),
        }
        cohort.stir(token, &mut findings.errors).await;
        bar.inc(1);
        tokio::time::sleep_until((asked + pause).into()).await;
    }
    findings.measured = begin.elapsed();
    bar.finish_and_clear();
    all_ended(&ends, common.drain, &progress).await;

    let (mut answered, mut cut) = (Latencies::default(), Latencies::default());
    let (mut late, mut open) = (0, 0);
    for (token, asked, took) in revoked {
        answered.record(took);
        let ends = ends.lock();
        for stream in (token * args.streams_per_token..(token + 1) * args.streams_per_token).take_while(|stream| *stream < args.streams) {
            match ends.ended[stream] {
                Some(at) => cut.record(at.saturating_duration_since(asked)),
                None => open += 1,
            }
            late += u64::from(ends.last_frame[stream].is_some_and(|at| at > asked + took + NOTICEABLE));
        }
    }
    findings.errors.errors("a stream outlived its token", open);
    findings.errors.errors("an event came later than 250 ms after its token was taken back", late);
    let (refused, accepted) = reconnect(&cohort, &mut findings).await;
    let figures = &mut findings.figures;
    figures.count("streams", u64::try_from(args.streams)?);
    figures.count("tokens", u64::try_from(cohort.tokens())?);
    figures.count("nodes", u64::try_from(cohort.nodes())?);
    figures.count("reconnectsRefused", refused);
    figures.count("reconnectsAccepted", accepted);
    figures.latency("revocationAnswered", answered.summary());
    figures.latency("streamCut", cut.summary());
    Ok(findings)
}

/// The target of architecture §12.
const NOTICEABLE: Duration = Duration::from_millis(250);

async fn all_ended(ends: &Arc<Mutex<Ends>>, patience: Duration, progress: &Progress) {
    let changed = ends.lock().changed.clone();
    let everything = async {
        while ends.lock().ended.iter().any(Option::is_none) {
            changed.notified().await;
        }
    };
    progress.wait("waiting for the ends", patience, everything).await;
}

/// Tries each token once more on each node.
async fn reconnect(cohort: &Cohort, findings: &mut Findings) -> (u64, u64) {
    let (mut refused, mut accepted) = (0, 0);
    for token in 0..cohort.tokens() {
        for node in 0..cohort.nodes() {
            match cohort.open(token, node, "/api/events").await {
                Err(OpenError::Refused(401)) => refused += 1,
                Err(error) => findings.errors.error(error.to_string()),
                Ok(_) => accepted += 1,
            }
        }
    }
    findings.errors.errors("a node accepted a token that was taken back", accepted);
    (refused, accepted)
}

/// When streams ended, and when they last said something.
struct Ends {
    ended: Vec<Option<Instant>>,
    last_frame: Vec<Option<Instant>>,
    changed: Arc<Notify>,
}

impl Ends {
    fn new(streams: usize) -> Self {
        Self { ended: vec![None; streams], last_frame: vec![None; streams], changed: Arc::default() }
    }
}

impl Sink for Ends {
    fn frame(&mut self, stream: usize, at: Instant, _frame: &Frame<'_>) {
        self.last_frame[stream] = Some(at);
    }

    fn ended(&mut self, stream: usize, _outcome: &io::Result<()>) {
        self.ended[stream] = Some(Instant::now());
        self.changed.notify_one();
    }
}
