//! The search through [`cowork_sim::ownership`]. How many states each test visits is printed (`--nocapture`).

use cowork_sim::ownership::{Action, Budget, Ownership, Question, Rules, properties};
use stateright::{Checker, Model};

const NOTHING: Budget = Budget {
    batches: 0,
    lease_ends: 0,
    hand_overs: 0,
    leaves: 0,
    crashes: 0,
    liveness_ends: 0,
    restarts: 0,
    lost_answers: 0,
    registrations: 0,
};

/// Enough for every wrong rule to show.
const SOME: Budget = Budget { batches: 2, lease_ends: 1, hand_overs: 2, crashes: 1, registrations: 1, ..NOTHING };

mod safety {
    use super::{Budget, NOTHING, Rules, holds, properties};

    #[test]
    fn a_lease_ends() {
        let budget = Budget { batches: 3, lease_ends: 2, registrations: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    #[test]
    fn a_hand_over_is_not_heard_of() {
        let budget = Budget { batches: 3, lease_ends: 1, hand_overs: 2, lost_answers: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::HAND_OVER, properties::LATE_REFUSED, properties::FAIL_OVER]);
    }

    #[test]
    fn an_owner_crashes_in_its_hand_over() {
        let budget = Budget { batches: 2, hand_overs: 1, crashes: 1, lost_answers: 1, registrations: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::HAND_OVER, properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    #[test]
    fn a_node_crashes_while_the_other_is_late() {
        let budget = Budget { batches: 2, lease_ends: 1, crashes: 1, registrations: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    #[test]
    fn the_database_restarts() {
        let budget = Budget { batches: 2, liveness_ends: 1, restarts: 1, registrations: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    #[test]
    fn a_node_leaves() {
        let budget = Budget { batches: 2, lease_ends: 1, leaves: 1, registrations: 1, ..NOTHING };
        holds(2, Rules::Real, budget, &[properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    #[test]
    fn three_nodes_hand_over_and_fail_over() {
        let budget = Budget { batches: 2, lease_ends: 1, hand_overs: 1, registrations: 1, ..NOTHING };
        let all = [properties::HAND_OVER, properties::LATE_REFUSED, properties::FAIL_OVER, properties::ZOMBIE_REFUSED];
        holds(3, Rules::Real, budget, &all);
    }

    #[test]
    fn two_takers_meet_over_one_crash() {
        let budget = Budget { batches: 2, lease_ends: 1, crashes: 1, ..NOTHING };
        holds(3, Rules::Real, budget, &[properties::FAIL_OVER, properties::ZOMBIE_REFUSED]);
    }

    /// Not a wrong rule: who releases isn't the owner any more, and the next claim raises the epoch. The release raises it all
    /// the same, so that neither the check of the owner nor the claim stands alone.
    #[test]
    fn the_claim_alone_may_raise_the_epoch() {
        let budget = Budget { batches: 2, lease_ends: 1, hand_overs: 2, lost_answers: 1, ..NOTHING };
        holds(2, Rules::ReleaseKeepsEpoch, budget, &[properties::HAND_OVER]);
    }
}

mod recovery {
    use super::{Action, Budget, NOTHING, Question, Rules, counterexample, holds_as, properties};

    #[test]
    fn of_two_nodes() {
        let budget = Budget { batches: 1, hand_overs: 1, crashes: 1, lost_answers: 1, registrations: 1, ..NOTHING };
        holds_as(Question::Recovery, 2, Rules::Real, budget, &[]);
        let budget = Budget { batches: 1, lease_ends: 1, liveness_ends: 1, leaves: 1, registrations: 1, ..NOTHING };
        holds_as(Question::Recovery, 2, Rules::Real, budget, &[]);
    }

    #[test]
    fn of_three_nodes() {
        let budget = Budget { hand_overs: 1, crashes: 1, lost_answers: 1, registrations: 1, ..NOTHING };
        holds_as(Question::Recovery, 3, Rules::Real, budget, &[]);
    }

    #[test]
    fn of_a_restarted_database() {
        let budget = Budget { batches: 1, hand_overs: 1, restarts: 1, ..NOTHING };
        holds_as(Question::Recovery, 2, Rules::Real, budget, &[]);
    }

    /// After a lost answer to a release, nobody owns the shard, and its last owner thinks that it does.
    #[test]
    fn needs_a_look_at_the_view() {
        let budget = Budget { hand_overs: 1, lost_answers: 1, ..NOTHING };
        let actions = counterexample(Rules::TrustsBelief, budget, properties::RECOVERS);
        assert!(matches!(actions.last(), Some(Action::FinishUnheard(_))));
    }

    /// A node that came back is alive, so that nobody else takes what its earlier life owned.
    #[test]
    fn needs_a_claim_of_what_an_earlier_life_owned() {
        let budget = Budget { crashes: 1, registrations: 1, ..NOTHING };
        counterexample(Rules::ForgetsEarlierLife, budget, properties::RECOVERS);
    }
}

mod wrong_rules {
    use super::{Action, Rules, SOME, counterexample, properties};

    #[test]
    fn a_snapshot_older_than_the_lock_lets_a_fenced_writer_commit() {
        refuted(Rules::OneSnapshot, &[properties::OWNER_WRITES, properties::EPOCHS_GROW]);
    }

    #[test]
    fn a_taker_without_the_lock_lets_an_admitted_batch_commit() {
        refuted(Rules::NoExclusiveLock, &[properties::OWNER_WRITES, properties::EPOCHS_GROW]);
    }

    #[test]
    fn the_epoch_alone_lets_an_earlier_life_write() {
        refuted(Rules::EpochOnly, &[properties::OWNER_WRITES, properties::EPOCHS_GROW]);
    }

    #[test]
    fn the_fence_alone_lets_a_living_former_owner_write() {
        refuted(Rules::FenceOnly, &[properties::OWNER_WRITES, properties::EPOCHS_GROW]);
    }

    #[test]
    fn a_hand_over_under_the_same_epoch_lets_a_late_batch_of_an_earlier_ownership_in() {
        refuted(Rules::HandOverKeepsEpoch, &[properties::OWNER_WRITES]);
    }

    fn refuted(rules: Rules, broken: &[&'static str]) {
        for property in broken {
            let actions = counterexample(rules, SOME, property);
            assert!(matches!(actions.last(), Some(Action::Commit(_))), "a commit breaks it: {actions:?}");
        }
    }
}

fn holds(nodes: usize, rules: Rules, budget: Budget, possible: &[&'static str]) {
    holds_as(Question::Safety, nodes, rules, budget, possible);
}

fn holds_as(question: Question, nodes: usize, rules: Rules, budget: Budget, possible: &[&'static str]) {
    let checker = Ownership { nodes, rules, budget, question }.checker().spawn_bfs().join();
    println!(
        "{nodes} nodes, {rules:?}, {question:?}: {} states, {} of them different, depth {}",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    let found = checker.discoveries();
    for property in [properties::EPOCHS_GROW, properties::OWNER_WRITES, properties::ONE_OWNER, properties::RECOVERS] {
        if let Some(path) = found.get(property) {
            panic!("broken: {property}\n{:#?}", path.clone().into_actions().iter().map(ToString::to_string).collect::<Vec<_>>());
        }
    }
    for property in possible {
        assert!(found.contains_key(property), "never happens: {property}");
    }
}

fn counterexample(rules: Rules, budget: Budget, property: &'static str) -> Vec<Action> {
    let checker = Ownership { nodes: 2, rules, budget, question: Question::Only(property) }.checker().spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("{rules:?} doesn't break: {property}"));
    let actions = path.into_actions();
    println!("{rules:?} breaks \"{property}\", found after {} states:", checker.state_count());
    for action in &actions {
        println!("  {action}");
    }
    actions
}
