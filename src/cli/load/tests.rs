//! Scenarios end to end against a cloud in memory: that they finish, count right, and notice faults.

use super::{
    LoadArgs,
    fake_cloud::{FakeCloud, Fault},
    measure,
};
use clap::Parser;
use serde_json::Value;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    load: LoadArgs,
}

/// A short run of a small population; the report as a program sees it.
async fn report(fault: Fault, scenario: &str) -> Value {
    let cloud = FakeCloud::start(fault).await;
    let common = "--orgs 2 --users-per-org 2 --sessions-per-user 2 --duration 200ms --warmup 20ms --quiet --header-secret s3cret";
    let line = format!("load {scenario} {common} --url {}", cloud.url());
    let args = Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{error}")).load;
    let report = measure(&args).await.expect("the run could be made");
    assert!(!report.table().contains("s3cret"), "secrets stay out of reports");
    serde_json::to_value(&report).expect("serialisable")
}

fn count(report: &Value, pointer: &str) -> u64 {
    report.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {pointer} in {report:#}"))
}

fn is_positive(report: &Value, figure: &str) -> bool {
    report["figures"][figure].as_f64().is_some_and(|value| value > 0.0)
}

#[tokio::test]
async fn prompts_are_followed_whichever_way_they_are_watched() {
    for scenario in ["prompts --concurrency 4", "prompts --rate 200 --watch session", "accept", "events --words 3"] {
        let report = report(Fault::None, scenario).await;
        assert_eq!(report["passed"], true, "{scenario}: {report:#}");
        assert!(is_positive(&report, "completedPerSecond") && is_positive(&report, "eventsPerSecond"), "{scenario}: {report:#}");
        for latency in ["accepted", "firstEvent", "completed"] {
            assert!(count(&report, &format!("/figures/{latency}/count")) > 0, "{scenario}: {report:#}");
        }
    }
}

#[tokio::test]
async fn an_open_loop_starts_as_many_prompts_as_were_planned() {
    let report = report(Fault::None, "prompts --rate 200").await;
    let planned_in_window = 39..=41;
    assert!(planned_in_window.contains(&count(&report, "/figures/accepted/count")), "{report:#}");
}

#[tokio::test]
async fn unwatched_prompts_are_only_accepted() {
    let report = report(Fault::None, "prompts --watch none").await;
    assert_eq!(report["passed"], true, "{report:#}");
    assert!(is_positive(&report, "acceptedPerSecond"), "{report:#}");
}

#[tokio::test]
async fn every_subscriber_gets_every_event() {
    for scenario in ["fanout --subscribers 70", "fanout --subscribers 3 --rate 100"] {
        let report = report(Fault::None, scenario).await;
        assert_eq!(report["passed"], true, "{scenario}: {report:#}");
        assert!(is_positive(&report, "deliveriesPerSecond"), "{scenario}: {report:#}");
    }
}

#[tokio::test]
async fn streams_open_stay_and_go() {
    for scenario in ["connect --streams 50", "idle --streams 50", "churn --rate 100"] {
        let report = report(Fault::None, scenario).await;
        assert_eq!(report["passed"], true, "{scenario}: {report:#}");
        assert!(count(&report, "/figures/open/count") > 0, "{scenario}: {report:#}");
    }
}

#[tokio::test]
async fn a_cloud_that_loses_or_repeats_events_does_not_pass() {
    let lossy = report(Fault::LosesEvents, "fanout --subscribers 3 --rate 100 --drain 200ms").await;
    assert_eq!(lossy["passed"], false);
    assert!(count(&lossy, "/integrity/lost") > 0, "{lossy:#}");

    let repeating = report(Fault::RepeatsEvents, "prompts --rate 100").await;
    assert_eq!(repeating["passed"], false);
    assert!(count(&repeating, "/integrity/duplicated") > 0, "{repeating:#}");
}

#[tokio::test]
async fn refused_and_unfinished_prompts_are_errors_by_kind() {
    let refused = report(Fault::RefusesPrompts, "prompts --rate 100").await;
    assert_eq!(refused["passed"], false);
    assert!(count(&refused, "/errors/byKind/429 quota.prompts_per_hour_exceeded") > 0, "{refused:#}");

    let tolerated = report(Fault::RefusesPrompts, "prompts --rate 100 --max-error-ratio 1").await;
    assert_eq!(tolerated["passed"], true);

    let stuck = report(Fault::NeverIdle, "prompts --rate 100 --drain 50ms").await;
    assert_eq!(stuck["passed"], false);
    assert_eq!(count(&stuck, "/errors/byKind/prompt never ended"), 8, "{stuck:#}");
    assert!(count(&stuck, "/errors/byKind/prompt never started") > 0, "{stuck:#}");
}
