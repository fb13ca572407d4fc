//! `cowork drill failover`: the whole drill.

use super::{
    campaign::Campaign,
    dice::Dice,
    faults::FaultKind,
    load::LoadPlan,
    machine::Machine,
    options::FailoverArgs,
    report::{FaultReport, Report, RunFacts},
    target::Target,
};
use crate::cli::{
    load::{process, wall_clock},
    output::{self, Output},
};
use anyhow::Context;
use std::{process::ExitCode, time::Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Several orgs, so that no quota or lane is everybody's.
const ORGS: usize = 3;
const USERS_PER_ORG: usize = 4;

/// Holds the drill and prints the report.
pub(super) async fn run(args: FailoverArgs) -> anyhow::Result<ExitCode> {
    let faults = args.faults()?;
    process::raise_file_limit();
    let seed = args.seed.unwrap_or_else(|| u64::try_from(wall_clock::now().as_millis()).unwrap_or(0));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let interrupted = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::pin!(interrupted);

    let mut dice = Dice::new(seed);
    let header_secret = args.header_secret.clone().filter(|_| !args.url.is_empty()).unwrap_or_else(|| dice.secret());
    tell(&args, &format!("seed {seed}"));
    let mut target = tokio::select! {
        target = Target::open(&args, &header_secret, &mut dice) => target?,
        () = &mut interrupted => anyhow::bail!("interrupted"),
    };
    let report = tokio::select! {
        report = hold(&args, &faults, seed, dice, &header_secret, &mut target) => report,
        () = &mut interrupted => Err(anyhow::anyhow!("interrupted")),
    };
    target.close().await;
    let report = report?;
    match args.output {
        Output::Table => output::print(&report.table())?,
        Output::Json => output::print_json(&report)?,
    }
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn hold(
    args: &FailoverArgs,
    faults: &[FaultKind],
    seed: u64,
    mut dice: Dice,
    header_secret: &str,
    target: &mut Target,
) -> anyhow::Result<Report> {
    let (started_at, begin) = (wall_clock::now(), Instant::now());
    let mut reports = Vec::new();
    for fault in faults {
        let load = LoadPlan {
            rate: args.rate,
            sessions: usize::try_from(args.sessions)?,
            orgs: ORGS,
            users_per_org: USERS_PER_ORG,
            header_secret: header_secret.to_owned(),
            // A running cluster may have seen this seed before.
            tag: format!("{:x}-{}", wall_clock::now().as_millis(), fault.as_str()),
        };
        let campaign = Campaign { fault: *fault, rounds: args.rounds, load, progress: !args.quiet };
        let outcome = match Box::pin(campaign.hold(target, dice.fork())).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // What was found before is worth a report all the same.
                reports.push(FaultReport::of_failure(*fault, &error));
                break;
            }
        };
        if let (true, Some(folder)) = (args.keep, target.folder()) {
            let path = folder.join(format!("{}.json", fault.as_str()));
            let history = serde_json::to_vec(&outcome.history)?;
            tokio::fs::write(&path, history).await.with_context(|| format!("{} can't be written", path.display()))?;
        }
        let is_over = outcome.is_over;
        reports.push(FaultReport::new(*fault, outcome.history.rounds, outcome.verdict));
        if is_over {
            tell(args, "the cluster does not recover; the drill ends here");
            break;
        }
    }
    Ok(Report::new(RunFacts {
        planned: faults.to_vec(),
        seed,
        options: options(args, faults)?,
        machine: Machine::read(),
        started_at,
        ended_at: wall_clock::now(),
        took: begin.elapsed(),
        faults: reports,
    }))
}

/// All options as they were used, except secrets.
fn options(args: &FailoverArgs, faults: &[FaultKind]) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(FailoverArgs { faults: faults.to_vec(), ..args.clone() })
}

fn tell(args: &FailoverArgs, what: &str) {
    if !args.quiet {
        eprintln!("{what}");
    }
}
