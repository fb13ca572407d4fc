//! Lease, fence, epoch, hand-over: who may write a shard's log (architecture §5, invariant I3).
//!
//! One shard, two or three nodes, one database. A state is what the database has committed, which backends are at work, what
//! each process believes, and what is on its way between them. Everything that takes time is two or more steps, with anything
//! of the others in between.
//!
//! ## The batch: `migrations/0024_work_usage.sql`
//!
//! | here | there |
//! |---|---|
//! | [`Action::Send`] | a lane calls `journal_append` with the incarnation and the epoch it was given. It may have been given them long ago |
//! | [`Stage::Sent`] | on its way, or waiting for the lock; until it has the lock, it hasn't looked at anything |
//! | [`Action::Share`] | `perform pg_advisory_xact_lock_shared(77001, p_node)` returns |
//! | [`Action::Check`] | the statements after it, each with a newer snapshot: `select fenced …` (CW001), then `left join shards …` (`refused`) |
//! | [`Action::Commit`] | the rest of the function and the commit; the lock is free afterwards |
//! | [`Stage::Refused`], [`Action::Answer`], [`Action::Forget`] | CW001 or `refused`; the answer makes the process forget (`OwnershipWatch::report_fenced`), or is lost |
//!
//! Both statements of the check are one step: what they read changes only under the exclusive lock, which can't be had meanwhile.
//!
//! ## Changes of ownership: `crates/store/src/membership`
//!
//! | here | there |
//! |---|---|
//! | [`Action::Begin`] | the transaction's first statements, which only read (`dead`, the freed liveness lock, the view of the cluster) |
//! | [`Action::Lock`] | `locks::take_over`: `pg_advisory_xact_lock` of the former owner returns |
//! | [`Action::EndSharers`] | `locks::end_holders` after 100 ms: the batches in the way end without a commit |
//! | [`Action::Finish`], [`Action::FinishUnheard`] | the updates and the commit, with the answer heard or lost |
//! | [`Action::Abort`] | the connection ends, or `StoreError::Unavailable` after too many rounds |
//! | [`TakeKind::Register`] | `register_node`: `incarnation + 1`, `fenced = false`, a new lease |
//! | [`TakeKind::Claim`] | `claim_shards`: look again whether the owner is dead, fence it, take if alive oneself, `epoch + 1`; the answer is what this life owns now |
//! | [`TakeKind::Release`] | `release_shards`: owner null, `epoch + 1` |
//! | [`TakeKind::Leave`] | `leave`: the same, and the own fence |
//! | [`TakeKind::Fence`] | `fence_if_gone`, or `fence_node` |
//! | [`Take::orphaned`] | the process that began it is gone; the server doesn't know yet |
//!
//! ## Processes and faults: `actors/src/cluster/membership`
//!
//! | here | there |
//! |---|---|
//! | [`Process::held`] | the shard's entry in `Ownership::epochs` |
//! | [`Action::Renew`] | `renew_lease`, and `lose` if it says `Fenced`. A lease that is over may be renewed: nobody took its place |
//! | [`Action::HoldLiveness`] | `hold_liveness_lock` after a renewal |
//! | [`Action::LeaseEnds`] | the database's clock jumps past `lease_expires_at` |
//! | [`Action::Crash`] | the process ends; or `lose`, because its own patience is over |
//! | [`Action::LivenessEnds`], [`Action::Restart`] | one connection breaks; all do, and every lock is free |
//! | a run in which a node does nothing for a while | a pause: SIGSTOP, a stopped virtual machine, a network cut. Every step is optional, so this needs no step of its own |
//!
//! A process whose belief differs from the database's rows asks again (it reads the view of the cluster each second); the
//! answer of a claim then tells it what it owns.
//!
//! ## Where the model is harsher than the program
//!
//! * A lease may end at any moment, and a process may give up at any moment or never: no clock is trusted. [`crate::patience`]
//!   counts time.
//! * A node whose liveness lock is free may be fenced at once. That `fence_if_gone` spares those who have just registered, and
//!   all of them after a restart of the database, keeps nodes alive; safety doesn't need it.
//! * A process goes on sending while its own release runs, and until it hears that it is over.
//! * Locks are granted in any order, not first come, first served.
//!
//! ## What is left out
//!
//! More than one shard (each has its own row, and a transaction takes the locks of several owners in the order of their
//! numbers), the order of appends within an ownership (`last_seq`, CW003), and lanes and their marks (CW005).

mod action;
mod possible;
pub mod properties;
mod rules;
mod settle;
mod state;
mod step;

pub use action::Action;
pub use rules::{Budget, Rules};
pub use state::{Batch, Commit, Database, Held, Life, Node, NodeRow, Process, ShardRow, Stage, State, Take, TakeKind, Taken, Writer};

use stateright::{Model, Property};

/// Some nodes, one shard, one set of rules, and what may happen.
#[derive(Debug, Clone)]
pub struct Ownership {
    /// How many nodes there are.
    pub nodes: usize,
    /// Which rules they follow.
    pub rules: Rules,
    /// What may happen.
    pub budget: Budget,
    /// Which properties are looked at.
    pub question: Question,
}

/// What a search is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Everything that must always hold, and what must be possible.
    Safety,
    /// Whether a node owns the shard in the end, from every state.
    Recovery,
    /// One property alone, so that the search ends with the shortest way to break it.
    Only(&'static str),
}

impl Model for Ownership {
    type State = State;
    type Action = Action;

    /// All nodes live, and the first one owns the shard and knows it.
    fn init_states(&self) -> Vec<State> {
        let row = NodeRow { incarnation: 1, fenced: false, lease_over: false, liveness: true };
        let shard = ShardRow { owner: Some(Life { node: 0, incarnation: 1 }), epoch: 1, term: 1, taken: Taken::Free };
        let mut processes = vec![Process { incarnation: Some(1), held: None }; self.nodes];
        processes[0].held = Some(Held { epoch: 1, term: 1 });
        let database = Database { nodes: vec![row; self.nodes], shard, batches: Vec::new(), takes: Vec::new(), log: Vec::new() };
        vec![State { database, processes, left: self.budget }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        Some(self.step(last.clone(), action))
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let all = properties::all();
        match self.question {
            Question::Safety => all.into_iter().filter(|property| property.name != properties::RECOVERS).collect(),
            Question::Recovery => all.into_iter().filter(|property| property.name == properties::RECOVERS).collect(),
            Question::Only(name) => all.into_iter().filter(|property| property.name == name).collect(),
        }
    }
}
