//! Which actions are possible in a state.

use super::{
    Action, Ownership, Rules,
    properties::is_admitted,
    state::{Batch, Life, Node, Stage, State, Take, TakeKind},
};

/// Several lanes send at once; one more than one is enough to meet a late batch of an earlier life.
const IN_FLIGHT: usize = 2;

impl Ownership {
    /// All of them, in a fixed order.
    pub(super) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        for node in 0..state.processes.len() {
            process(self.rules, state, node, actions);
            faults_of_node(state, node, actions);
        }
        if state.left.restarts > 0 {
            actions.push(Action::Restart);
        }
        for batch in distinct(&state.database.batches) {
            self.batch(state, batch, actions);
        }
        for take in distinct(&state.database.takes) {
            self.take(state, take, actions);
        }
    }

    fn batch(&self, state: &State, batch: Batch, actions: &mut Vec<Action>) {
        let is_lock_free = !state.database.has_taker(batch.life.node);
        match batch.stage {
            Stage::Sent if self.rules == Rules::OneSnapshot => actions.push(Action::Look(batch)),
            Stage::Sent | Stage::Waiting { .. } => {
                if is_lock_free {
                    actions.push(Action::Share(batch));
                }
            }
            Stage::Locked => actions.push(Action::Check(batch)),
            Stage::Admitted => actions.push(Action::Commit(batch)),
            Stage::Refused => actions.extend([Action::Answer(batch), Action::Forget(batch)]),
        }
    }

    fn take(&self, state: &State, take: Take, actions: &mut Vec<Action>) {
        let waits_for = take.locks().filter(|_| !take.locked && self.rules != Rules::NoExclusiveLock);
        match waits_for {
            Some(node) if state.database.has_sharer(node) => actions.push(Action::EndSharers(take)),
            Some(node) if state.database.has_taker(node) => {}
            Some(_) => actions.push(Action::Lock(take)),
            None => {
                actions.push(Action::Finish(take));
                if !take.orphaned && state.left.lost_answers > 0 {
                    actions.push(Action::FinishUnheard(take));
                }
            }
        }
        actions.push(Action::Abort(take));
    }
}

/// What a process does by itself. Its membership does one thing after the other.
fn process(rules: Rules, state: &State, node: Node, actions: &mut Vec<Action>) {
    let row = &state.database.nodes[node];
    if state.database.takes.iter().any(|take| take.by.node == node && !take.orphaned) {
        return sends(state, node, actions);
    }
    let Some(life) = state.life(node) else {
        if state.left.registrations > 0 {
            actions.push(begins(Life { node, incarnation: row.incarnation }, TakeKind::Register));
        }
        return;
    };
    if row.lease_over || !state.database.lives(life) {
        actions.push(Action::Renew(node));
    }
    if !row.liveness && state.database.lives(life) {
        actions.push(Action::HoldLiveness(node));
    }
    if let Some(claim) = claimable(rules, state, life) {
        actions.push(begins(life, claim));
    }
    for (other, row) in state.database.nodes.iter().enumerate() {
        if other != node && !row.liveness && !row.fenced {
            actions.push(begins(life, TakeKind::Fence(Life { node: other, incarnation: row.incarnation })));
        }
    }
    if state.processes[node].held.is_some() && state.left.hand_overs > 0 {
        actions.push(begins(life, TakeKind::Release));
    }
    if state.left.leaves > 0 {
        actions.push(begins(life, TakeKind::Leave));
    }
    sends(state, node, actions);
}

fn sends(state: &State, node: Node, actions: &mut Vec<Action>) {
    if let Some((life, _)) = state.belief(node)
        && state.left.batches > 0
        && state.database.batches.len() < IN_FLIGHT
    {
        actions.push(Action::Send(life));
    }
}

/// What a claim would take, as its first statement sees it; none if neither the database nor the process would learn anything.
fn claimable(rules: Rules, state: &State, by: Life) -> Option<TakeKind> {
    let believes = state.processes[by.node].held.is_some();
    if is_admitted(state, by.node) || believes && rules == Rules::TrustsBelief {
        return None;
    }
    match state.database.shard.owner {
        None => Some(TakeKind::Claim { from: None }),
        // Of an earlier life; or of this one, when the answer to its claim was lost.
        Some(owner) if owner.node == by.node && owner.incarnation != by.incarnation && rules == Rules::ForgetsEarlierLife => None,
        Some(owner) if owner.node == by.node => Some(TakeKind::Claim { from: None }),
        Some(owner) if state.database.looks_dead(owner.node) => Some(TakeKind::Claim { from: Some(owner.node) }),
        // The view of the cluster shows another owner: a claim's answer says so, too.
        Some(_) => believes.then_some(TakeKind::Claim { from: None }),
    }
}

fn faults_of_node(state: &State, node: Node, actions: &mut Vec<Action>) {
    let row = &state.database.nodes[node];
    if state.left.lease_ends > 0 && !row.lease_over && !row.fenced {
        actions.push(Action::LeaseEnds(node));
    }
    if state.processes[node].incarnation.is_some() && state.left.crashes > 0 {
        actions.push(Action::Crash(node));
    }
    if row.liveness && state.left.liveness_ends > 0 {
        actions.push(Action::LivenessEnds(node));
    }
}

fn begins(by: Life, kind: TakeKind) -> Action {
    Action::Begin(Take { by, kind, locked: false, orphaned: false })
}

/// The lists are sorted: what stands twice does the same twice.
fn distinct<T: Copy + PartialEq>(sorted: &[T]) -> impl Iterator<Item = T> + '_ {
    sorted.iter().enumerate().filter(|(at, item)| *at == 0 || sorted[at - 1] != **item).map(|(_, item)| *item)
}
