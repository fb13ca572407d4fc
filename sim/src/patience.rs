//! Why a node gives up after 60 % of its lease: the clocks that [`crate::ownership`] leaves out.
//!
//! That model lets a lease end at any moment, because the fence must hold whatever clocks do. This one counts: the lease and
//! the node's own patience in ticks, one clock of the database and one of each process. It asks for more than safety: that,
//! while clocks run alike and processes run at all, a take-over by lease finds a former owner that has stopped **already**,
//! so that no session has two actors and no request is refused only by the fence.
//!
//! | here | there |
//! |---|---|
//! | [`NodeState::lease_left`] | `nodes.lease_expires_at - clock_timestamp()` |
//! | [`NodeState::elapsed`] | `renewed.elapsed()` in `actors/src/cluster/membership/actor.rs`, a monotonic clock |
//! | [`Action::Ask`], then [`Action::Execute`], then [`Action::Hear`] | `renew`: `asked = Clock.instant()`, `Store::renew_lease`, `*renewed = asked` |
//! | [`Action::Lose`] | `renew_lease` fails, or its answer never comes |
//! | [`Action::GiveUp`] | `lose`: the ownership is `None` before anything else happens |
//! | [`Action::Join`] | `join` on a later tick: `register_node` |
//! | [`Action::Claim`] | `claim_shards` at the database: what an earlier life owned, or from an owner whose lease is over |
//! | [`Action::HearClaim`] | its answer, which makes the process act, if its patience isn't over by then |
//! | [`Patience::lateness`] | how long after its deadline a process that runs has acted on it |
//!
//! A claim holds up everything else that the process would do for its lease, as an actor does that waits for it; it may take
//! seconds, because it waits for locks.
//!
//! A renewal that the database executes after its process has given up isn't here: it only makes the others wait longer.
//! Taking over from a freed liveness lock isn't either: it may overtake a living owner by design, and then the fence decides.

use stateright::{Model, Property};

/// Nobody acts beside the owner. True as long as clocks and processes run; where one stands still, two may act, and the fence decides.
pub const ONE_ACTS: &str = "at most one node acts as the owner";
/// The lease does its work.
pub const TAKES_OVER: &str = "a peer takes over when the lease is over";

/// Two nodes and one shard; all times in ticks.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How long a renewal counts for others.
    pub lease: u8,
    /// How long it counts for the node itself.
    pub patience: u8,
    /// How much later a running process has acted on that.
    pub lateness: u8,
    /// Processes and clocks may stand still.
    pub standstill: bool,
    /// Which rules hold.
    pub rules: Rules,
}

/// The rules of a process, and wrong ones that look as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Patience counts from before the question, which is before the database counts, and is looked at before acting.
    Real,
    /// Patience counts from the answer, which may come long after the database began to count.
    CountsFromAnswer,
    /// A claim's answer is acted on, however long it took.
    ActsOnLateClaim,
}

/// A node's row and its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "all combinations occur: what the row says and what the process does are different things"
)]
pub struct NodeState {
    /// What is left of the lease.
    pub lease_left: u8,
    /// Another node took over from this life.
    pub fenced: bool,
    /// The process acts as an owner.
    pub acts: bool,
    /// The process is part of the cluster, as far as it knows.
    pub member: bool,
    /// What the process has counted since its last renewal.
    pub elapsed: u8,
    /// A renewal on its way.
    pub renewal: Option<Renewal>,
    /// A claim that the database has granted, and that the process waits for.
    pub claims: bool,
    /// The process stands still; its clock doesn't.
    pub paused: bool,
}

/// A renewal on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Renewal {
    /// How long ago it was asked for, by the process's clock.
    pub asked: u8,
    /// What the database said: renewed or fenced.
    pub answer: Option<bool>,
}

/// Both nodes, and the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The two nodes.
    pub nodes: [NodeState; 2],
    /// Whose the shard is.
    pub owner: usize,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Time passes, but not on the clock of this process (a virtual machine that was stopped, say).
    Tick {
        /// Whose clock stands still.
        but_for: Option<usize>,
    },
    /// A process stops running.
    Pause(usize),
    /// It runs again.
    Continue(usize),
    /// It asks for a renewal.
    Ask(usize),
    /// The database renews, if the life isn't fenced.
    Execute(usize),
    /// The answer arrives.
    Hear(usize),
    /// It doesn't.
    Lose(usize),
    /// The process stops acting, because its patience is over.
    GiveUp(usize),
    /// It registers again.
    Join(usize),
    /// The database grants the shard to it: its earlier life owned it, or the owner's lease is over.
    Claim(usize),
    /// The grant arrives.
    HearClaim(usize),
}

impl Patience {
    /// Time can't pass this process by: it has something to do first.
    fn is_due(&self, node: &NodeState) -> bool {
        node.member && !node.claims && !node.paused && node.elapsed >= self.patience + self.lateness
    }

    fn of_node(&self, state: &State, at: usize, actions: &mut Vec<Action>) {
        let node = &state.nodes[at];
        match node.renewal {
            Some(Renewal { answer: None, .. }) => actions.push(Action::Execute(at)),
            Some(_) if !node.paused && !node.claims => actions.push(Action::Hear(at)),
            Some(_) | None => {}
        }
        if node.paused {
            actions.push(Action::Continue(at));
            return;
        }
        if self.standstill {
            actions.push(Action::Pause(at));
        }
        if node.claims {
            actions.push(Action::HearClaim(at));
            return;
        }
        if !node.member {
            actions.push(Action::Join(at));
            return;
        }
        if node.elapsed >= self.patience {
            actions.push(Action::GiveUp(at));
        }
        match node.renewal {
            Some(_) => actions.push(Action::Lose(at)),
            // `renew` gives the statement what is left of the patience.
            None if node.elapsed < self.patience => actions.push(Action::Ask(at)),
            None => {}
        }
        let peer = &state.nodes[1 - at];
        if !node.acts && !node.fenced && (state.owner == at || peer.lease_left == 0 || peer.fenced) {
            actions.push(Action::Claim(at));
        }
    }
}

impl Model for Patience {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let node = NodeState {
            lease_left: self.lease,
            fenced: false,
            acts: false,
            member: true,
            elapsed: 0,
            renewal: None,
            claims: false,
            paused: false,
        };
        vec![State { nodes: [NodeState { acts: true, ..node }, node], owner: 0 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for at in 0..2 {
            self.of_node(state, at, actions);
        }
        if !state.nodes.iter().any(|node| self.is_due(node)) {
            actions.push(Action::Tick { but_for: None });
            if self.standstill {
                actions.extend([0, 1].map(|at| Action::Tick { but_for: Some(at) }));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::Tick { but_for } => {
                let most = self.patience.max(self.lease) + self.lateness;
                for (at, node) in state.nodes.iter_mut().enumerate() {
                    node.lease_left = node.lease_left.saturating_sub(1);
                    if but_for != Some(at) {
                        node.elapsed = most.min(node.elapsed + 1);
                        if let Some(renewal) = &mut node.renewal {
                            renewal.asked = most.min(renewal.asked + 1);
                        }
                    }
                }
            }
            Action::Pause(at) => state.nodes[at].paused = true,
            Action::Continue(at) => state.nodes[at].paused = false,
            Action::Ask(at) => state.nodes[at].renewal = Some(Renewal { asked: 0, answer: None }),
            Action::Execute(at) => {
                let node = &mut state.nodes[at];
                if !node.fenced {
                    node.lease_left = self.lease;
                }
                node.renewal = node.renewal.map(|renewal| Renewal { answer: Some(!node.fenced), ..renewal });
            }
            Action::Hear(at) => {
                let node = &mut state.nodes[at];
                let renewal = node.renewal.take()?;
                if renewal.answer == Some(true) {
                    node.elapsed = if self.rules == Rules::CountsFromAnswer { 0 } else { renewal.asked };
                } else {
                    (node.acts, node.member) = (false, false);
                }
            }
            Action::Lose(at) => state.nodes[at].renewal = None,
            Action::GiveUp(at) => {
                let node = &mut state.nodes[at];
                (node.acts, node.member, node.renewal) = (false, false, None);
            }
            Action::Join(at) => {
                let node = &mut state.nodes[at];
                *node = NodeState { lease_left: self.lease, fenced: false, member: true, elapsed: 0, ..*node };
            }
            Action::Claim(at) => {
                state.nodes[1 - at].fenced |= state.owner != at;
                state.owner = at;
                state.nodes[at].claims = true;
            }
            Action::HearClaim(at) => {
                let node = &mut state.nodes[at];
                node.claims = false;
                node.acts = node.elapsed < self.patience || self.rules == Rules::ActsOnLateClaim;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_ACTS, |_, state: &State| !state.nodes.iter().all(|node| node.acts)),
            Property::sometimes(TAKES_OVER, |_, state: &State| state.nodes[1].acts),
        ]
    }
}
