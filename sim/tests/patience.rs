//! The search through [`cowork_sim::patience`]. How many states each test visits is printed (`--nocapture`).

use cowork_sim::patience::{Action, ONE_ACTS, Patience, Rules, TAKES_OVER};
use stateright::{Checker, HasDiscoveries, Model};

/// The defaults, one tick for a second: 5 s of lease, 60 % of it as patience.
const REAL: Patience = Patience { lease: 5, patience: 3, lateness: 1, standstill: false, rules: Rules::Real };

#[test]
fn a_former_owner_has_stopped_when_its_lease_is_over() {
    let checker = REAL.checker().spawn_bfs().join();
    println!("{} states, {} of them different, depth {}", checker.state_count(), checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    checker.assert_any_discovery(TAKES_OVER);
}

#[test]
fn a_process_that_stands_still_acts_beside_the_new_owner() {
    let actions = counterexample(Patience { standstill: true, ..REAL });
    assert!(actions.iter().any(|action| matches!(action, Action::Pause(0) | Action::Tick { but_for: Some(0) })));
}

#[test]
fn without_a_margin_two_act() {
    counterexample(Patience { patience: 5, ..REAL });
    counterexample(Patience { patience: 4, ..REAL });
}

#[test]
fn counted_from_the_answer_two_act() {
    counterexample(Patience { rules: Rules::CountsFromAnswer, ..REAL });
}

#[test]
fn acting_on_a_claim_that_took_too_long_two_act() {
    counterexample(Patience { rules: Rules::ActsOnLateClaim, ..REAL });
}

fn counterexample(model: Patience) -> Vec<Action> {
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let actions = checker.assert_any_discovery(ONE_ACTS).into_actions();
    println!("after {} states: {actions:?}", checker.state_count());
    actions
}
