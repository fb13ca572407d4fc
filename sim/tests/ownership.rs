//! Placeholder.

use cowork_sim::ownership::{Budget, Ownership, Question, Rules, properties};
use stateright::{Checker, Model};
use std::time::Instant;

fn run(name: &str, nodes: usize, rules: Rules, question: Question, budget: Budget) {
    let start = Instant::now();
    let checker = Ownership { nodes, rules, budget, question }.checker().target_state_count(6_000_000).spawn_bfs().join();
    println!("{name}: {} states, {} unique, depth {}, {:?}", checker.state_count(), checker.unique_state_count(), checker.max_depth(), start.elapsed());
    for (name, path) in checker.discoveries() {
        if matches!(question, Question::Safety) && !name.contains("only") { println!("  {name}"); continue; }
        println!("  {name}: {}", path.into_actions().iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "));
    }
}

#[test]
fn t() {
    let wide = Budget { batches: 2, lease_ends: 1, hand_overs: 1, crashes: 1, liveness_ends: 0, restarts: 1, lost_answers: 1, registrations: 1, leaves: 0 };
    run("fail-over", 2, Rules::Real, Question::Safety, Budget { batches: 3, lease_ends: 1, registrations: 2,  crashes: 1, ..Budget::default() });
    run("hand-over", 2, Rules::Real, Question::Safety, Budget { batches: 3, hand_overs: 2, lost_answers: 1, registrations: 1, ..Budget::default() });
    run("wide", 2, Rules::Real, Question::Safety, wide);
    run("three", 3, Rules::Real, Question::Safety, Budget { batches: 2, lease_ends: 1, hand_overs: 1, registrations: 1, ..Budget::default() });
    run("recovery", 2, Rules::Real, Question::Recovery, Budget { batches: 1, hand_overs: 1, crashes: 1, lost_answers: 1, registrations: 1, ..Budget::default() });
    run("recovery3", 3, Rules::Real, Question::Recovery, Budget { batches: 0, hand_overs: 1, crashes: 1, lost_answers: 0, registrations: 1, ..Budget::default() });
    let b = Budget { batches: 2, lease_ends: 1, hand_overs: 2, registrations: 1, crashes: 1, ..Budget::default() };
    for rules in [Rules::OneSnapshot, Rules::NoExclusiveLock, Rules::EpochOnly, Rules::FenceOnly, Rules::ReleaseKeepsEpoch, Rules::HandOverKeepsEpoch] {
        for name in [properties::OWNER_WRITES, properties::EPOCHS_GROW, properties::ONE_OWNER] {
            run(&format!("{rules:?}"), 2, rules, Question::Only(name), b);
        }
    }
}
