//! Recovery, asked of every state: what comes of it once nothing breaks any more?
//!
//! The checker's own `eventually` holds on acyclic graphs only and is blind where two ways meet, so this
//! asks more directly. From the state at hand one fair run is followed, without faults and without limits on what
//! nodes do to recover: first of all nodes together, then of each node alone while the others stay silent for ever.

use super::{Action, Budget, Ownership, State, properties::is_admitted, state::TakeKind};

/// Far more steps than any recovery takes.
const STEPS: usize = 64;

impl Ownership {
    pub(super) fn settles(&self, state: &State) -> bool {
        let all: Vec<usize> = (0..self.nodes).collect();
        self.settles_among(state, &all) && all.iter().all(|node| self.settles_among(state, &[*node]))
    }

    /// One of these nodes owns the shard and knows it, in the end.
    fn settles_among(&self, state: &State, awake: &[usize]) -> bool {
        let mut state = state.clone();
        // Registrations have a number in the search only so that it ends. Leases end because time passes.
        state.left = Budget { registrations: u8::MAX, lease_ends: u8::MAX, ..Budget::default() };
        let mut actions = Vec::new();
        for _ in 0..STEPS {
            actions.clear();
            self.possible(&state, &mut actions);
            let next = actions.iter().copied().filter_map(|action| Some((rank(action, awake)?, action))).min_by_key(|(rank, _)| *rank);
            let Some((_, action)) = next else { break };
            state = self.step(state, action);
        }
        awake.iter().any(|node| is_admitted(&state, *node))
    }
}

/// The order in which a fair run goes on; none for what doesn't belong to it.
fn rank(action: Action, awake: &[usize]) -> Option<u8> {
    let is_awake = |node: usize| awake.contains(&node);
    match action {
        // The server goes on with what it has, whoever sent it, and notices connections whose process is gone.
        Action::Commit(_) | Action::Check(_) | Action::Share(_) | Action::Look(_) => Some(0),
        Action::Answer(batch) if is_awake(batch.life.node) => Some(0),
        Action::Forget(batch) if !is_awake(batch.life.node) => Some(0),
        Action::Abort(take) if take.orphaned || !is_awake(take.by.node) => Some(1),
        Action::EndSharers(_) => Some(2),
        Action::Lock(take) | Action::Finish(take) if is_awake(take.by.node) && !take.orphaned => Some(3),
        Action::Renew(node) if is_awake(node) => Some(4),
        Action::HoldLiveness(node) if is_awake(node) => Some(5),
        // Nobody renews the lease of the silent.
        Action::LeaseEnds(node) if !is_awake(node) => Some(6),
        Action::Begin(take) if is_awake(take.by.node) => match take.kind {
            TakeKind::Register => Some(7),
            TakeKind::Claim { .. } => Some(8),
            TakeKind::Fence(_) | TakeKind::Release | TakeKind::Leave => None,
        },
        _ => None,
    }
}
