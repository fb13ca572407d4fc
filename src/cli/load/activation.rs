//! `cowork load activation`: what it costs to wake a session that gave its memory back.

use super::{
    errors::ErrorTally,
    latencies::Latencies,
    options::{CommonArgs, as_seconds, parse_duration},
    population::{LoadSession, Population},
    progress::Progress,
    report::Findings,
};
use anyhow::{Context, ensure};
use clap::Args;
use cowork_client::{Client, ClientError};
use cowork_domain::{ids::SessionId, session::SessionStatus};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Sessions that are prepared at once.
const PREPARED_AT_ONCE: usize = 16;
/// Short prompts after the long one, so that a session's state isn't a single message.
const SHORT_PROMPTS: u32 = 8;
/// A session that is still busy is asked for again after this time.
const GLANCE: Duration = Duration::from_millis(20);

/// Sessions with a long log rest until the server put them away; then each is woken: how long until it accepts, cold and warm
///
/// What wakes a session is a command that starts no work, an abort; it is accepted when it is durable. The last third of the
/// sessions is woken by prompts, one at a time, each of which the session goes on working at. The server has to give idle
/// sessions' memory back within --rest: start it with OPEN_COWORK_CLOUD_ACTOR_IDLE_MS=1000.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActivationArgs {
    /// Words of the longest answer in each session; 12 000 are about 64 KiB
    #[arg(long, default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    words: u32,
    /// How long nothing is asked
    #[arg(long, default_value = "6s", value_parser = parse_duration)]
    #[serde(serialize_with = "as_seconds")]
    rest: Duration,
    /// Calls under way at once, for the second third of the sessions
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    together: u16,
}

pub(super) async fn run(args: &ActivationArgs, common: &CommonArgs, progress: Progress) -> anyhow::Result<Findings> {
    let population = Population::create(common, &progress).await?;
    ensure!(population.sessions.len() >= 3, "at least three sessions are needed: one is woken alone, one beside others, one by a prompt");
    let long = format!("[[text:{}]]", args.words);
    let bar = progress.count("writing logs", population.sessions.len());
    stream::iter(&population.sessions)
        .map(|session| async {
            prepare(&population.users[session.user], session.id, &long).await?;
            bar.inc(1);
            anyhow::Ok(())
        })
        .buffer_unordered(PREPARED_AT_ONCE)
        .try_collect::<()>()
        .await?;
    bar.finish_and_clear();
    progress.wait("letting the sessions rest", args.rest, tokio::time::sleep(args.rest)).await;

    let third = population.sessions.len() / 3;
    let (alone, others) = population.sessions.split_at(third);
    let (together, prompted) = others.split_at(third);
    let mut errors = ErrorTally::default();
    let begin = Instant::now();
    let cold = wake(&population, alone, Waker::Abort, 1, &mut errors).await;
    let cold_together = wake(&population, together, Waker::Abort, args.together.into(), &mut errors).await;
    let warm = wake(&population, alone, Waker::Abort, 1, &mut errors).await;
    let cold_prompt = wake(&population, prompted, Waker::Prompt, 1, &mut errors).await;
    let mut findings = Findings { measured: begin.elapsed(), errors, ..Findings::default() };
    findings.figures.latency("cold", cold.summary());
    findings.figures.latency("coldTogether", cold_together.summary());
    findings.figures.latency("warm", warm.summary());
    findings.figures.latency("coldPrompt", cold_prompt.summary());
    Ok(findings)
}

/// Gives a session its log, and waits until all of it is written.
async fn prepare(client: &Client, session: SessionId, long: &str) -> anyhow::Result<()> {
    client.submit_prompt(session, long).await.context("a session could not be prepared")?;
    for _ in 0..SHORT_PROMPTS {
        client.submit_prompt(session, "hello").await.context("a session could not be prepared")?;
    }
    while client.session(session).await.context("a session could not be read")?.session.status != SessionStatus::Idle {
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// What a session is woken by.
#[derive(Debug, Clone, Copy)]
enum Waker {
    /// Nothing runs that it could stop, so all that it costs is to wake the session and to write it down.
    Abort,
    Prompt,
}

impl Waker {
    async fn call(self, client: &Client, session: SessionId) -> Result<(), ClientError> {
        match self {
            Self::Abort => client.submit_abort(session).await,
            Self::Prompt => client.submit_prompt(session, "hello").await,
        }
    }
}

/// One call to each session, so many under way at once.
async fn wake(population: &Population, sessions: &[LoadSession], by: Waker, at_once: usize, errors: &mut ErrorTally) -> Latencies {
    let mut latencies = Latencies::default();
    let mut answers = stream::iter(sessions)
        .map(|session| async {
            let asked = Instant::now();
            (by.call(&population.users[session.user], session.id).await, asked.elapsed())
        })
        .buffer_unordered(at_once);
    while let Some((answer, took)) = answers.next().await {
        errors.attempt();
        match answer {
            Ok(()) => latencies.record(took),
            Err(error) => errors.call_failed(&error),
        }
    }
    latencies
}
