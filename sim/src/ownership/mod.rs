//! Placeholder.

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
