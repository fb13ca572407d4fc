use crate::program::run;
use serde_json::Value;

/// Everything but time: how fast things go on a busy machine is not what a test tells.
const PROMISES: [&str; 12] = [
    "invalidRound",
    "lostPromise",
    "unfinishedPrompt",
    "wrongAnswer",
    "doubleEffect",
    "logNotDense",
    "streamGap",
    "streamDuplicate",
    "streamReorder",
    "streamRefused",
    "streamsDiffer",
    "fencedWrite",
];

#[test]
fn a_drill_kills_a_worker_and_finds_every_promise_kept() {
    let arguments = ["--faults", "kill", "--rounds", "1", "--workers", "2", "--webs", "2", "--rate", "8", "--sessions", "8", "--seed", "7"];
    let drill = run(&[&["drill", "failover", "--output", "json", "--quiet"][..], &arguments[..]].concat());
    let report: Value = serde_json::from_str(&drill.stdout()).unwrap_or_else(|_| panic!("no report; {}", drill.stderr()));
    let kill = &report["faults"][0];
    for promise in PROMISES {
        assert_eq!(kill["violations"][promise], 0, "{promise}: {:#}", kill["examples"]);
    }
    assert!(kill["rounds"][0]["proofs"][0].as_str().is_some_and(|proof| proof.contains("was killed")), "{kill:#}");
    assert!(kill["measures"]["promptsAnswered"].as_u64() > Some(0), "{kill:#}");
    let passed = report["passed"].as_bool().expect("a verdict");
    assert_eq!(drill.code(), Some(i32::from(!passed)), "the exit code is the verdict");
}

#[test]
fn a_drill_does_nothing_to_a_cluster_of_somebody_else() {
    let running = ["--url", "http://127.0.0.1:1", "--database-url", "postgres://127.0.0.1:1/x", "--header-secret", "s", "--faults", "kill"];
    let drill = run(&[&["drill", "failover"][..], &running[..]].concat()).expect_code(1);
    assert!(drill.stderr().contains("kill can't be done to a cluster that somebody else runs"), "{}", drill.stderr());
}
