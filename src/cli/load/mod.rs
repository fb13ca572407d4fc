//! `cowork load`: a load generator that speaks to a running cloud as its clients do.
//!
//! It runs on one thread of its own, so its share of a small machine is bounded and can be told from
//! the server's: every report says how much CPU the generator itself used. Rates and latencies count
//! within a window after the warm-up; latency counts from the intended start. Results go to stdout,
//! progress to stderr. The run fails if any stream lost, doubled or swapped an event, or if more
//! attempts failed than `--max-error-ratio` allows.

mod accept;
mod activation;
mod churn;
mod connect;
mod continuity;
mod drive;
mod errors;
mod events;
mod fanout;
mod idle;
pub(super) mod latencies;
pub(super) mod options;
mod pace;
mod population;
pub(super) mod process;
mod progress;
mod prompts;
mod report;
mod revocation;
pub(super) mod stream;
mod tracker;
pub(super) mod wall_clock;
mod window;

#[cfg(test)]
mod fake_cloud;
#[cfg(test)]
mod tests;

use self::{
    options::{CommonArgs, OutputFormat},
    progress::Progress,
    report::{Findings, Report, RunFacts},
};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use std::{process::ExitCode, time::Instant};

/// Measures a running cloud under load
///
/// Examples:
///   cowork load prompts --rate 500 --duration 30s --header-secret $SECRET
///   cowork load fanout --subscribers 1000 --rate 40 --output json
///   cowork load idle --streams 1000 --server-pid $(pidof cowork)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Clone, Subcommand, Serialize)]
#[serde(untagged)]
enum Scenario {
    Prompts(prompts::PromptsArgs),
    Accept(accept::AcceptArgs),
    Activation(activation::ActivationArgs),
    Fanout(fanout::FanoutArgs),
    Connect(connect::ConnectArgs),
    Idle(idle::IdleArgs),
    Churn(churn::ChurnArgs),
    Events(events::EventsArgs),
    Revocation(revocation::RevocationArgs),
}

/// Runs a scenario and prints its report. Exit code 1 means that the run did not pass; an error, that
/// it could not be made.
pub(super) async fn run(args: LoadArgs) -> anyhow::Result<ExitCode> {
    let generating = tokio::task::spawn_blocking(move || {
        process::raise_file_limit();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime for the generator")?;
        let report = runtime.block_on(measure(&args))?;
        print(&report, args.common.output)?;
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    });
    generating.await.context("the generator stopped unexpectedly")?
}

async fn measure(LoadArgs { common, scenario }: &LoadArgs) -> anyhow::Result<Report> {
    let (started_at, begin, cpu_before) = (wall_clock::now(), Instant::now(), process::own_cpu());
    let findings = scenario.run(common).await?;
    let facts = RunFacts {
        scenario: scenario.name(),
        parameters: parameters(common, scenario)?,
        started_at,
        ended_at: wall_clock::now(),
        run: begin.elapsed(),
        generator_cpu: process::own_cpu().saturating_sub(cpu_before),
        max_error_ratio: common.max_error_ratio,
    };
    Ok(Report::new(facts, findings))
}

impl Scenario {
    fn name(&self) -> &'static str {
        match self {
            Self::Prompts(_) => "prompts",
            Self::Accept(_) => "accept",
            Self::Activation(_) => "activation",
            Self::Fanout(_) => "fanout",
            Self::Connect(_) => "connect",
            Self::Idle(_) => "idle",
            Self::Churn(_) => "churn",
            Self::Events(_) => "events",
            Self::Revocation(_) => "revocation",
        }
    }

    async fn run(&self, common: &CommonArgs) -> anyhow::Result<Findings> {
        let progress = Progress::new(common.quiet);
        match self {
            Self::Prompts(args) => Box::pin(prompts::run(args, common, progress)).await,
            Self::Accept(args) => Box::pin(accept::run(args, common, progress)).await,
            Self::Activation(args) => Box::pin(activation::run(args, common, progress)).await,
            Self::Fanout(args) => Box::pin(fanout::run(args, common, progress)).await,
            Self::Connect(args) => Box::pin(connect::run(args, common, progress)).await,
            Self::Idle(args) => Box::pin(idle::run(args, common, progress)).await,
            Self::Churn(args) => Box::pin(churn::run(args, common, progress)).await,
            Self::Events(args) => Box::pin(events::run(args, common, progress)).await,
            Self::Revocation(args) => Box::pin(revocation::run(args, common, progress)).await,
        }
    }
}

/// All options as they were used, except secrets.
fn parameters(common: &CommonArgs, scenario: &Scenario) -> serde_json::Result<Value> {
    let mut parameters = serde_json::to_value(common)?;
    if let (Value::Object(all), Value::Object(own)) = (&mut parameters, serde_json::to_value(scenario)?) {
        all.extend(own);
        let credentials = match (&common.header_secret, &common.connection.bearer) {
            (Some(_), _) => "signed headers",
            (None, Some(_)) => "bearer",
            (None, None) => "none",
        };
        all.insert("credentials".to_owned(), json!(credentials));
    }
    Ok(parameters)
}

#[expect(clippy::print_stdout, reason = "the report is the data of this command")]
fn print(report: &Report, output: OutputFormat) -> serde_json::Result<()> {
    match output {
        OutputFormat::Table => println!("{}", report.table()),
        OutputFormat::Json => println!("{}", serde_json::to_string_pretty(report)?),
    }
    Ok(())
}
