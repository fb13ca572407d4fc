//! What must hold, and what must be possible.

use super::{Commit, Ownership, Stage, State, Taken, Writer};
use stateright::Property;

/// I3, first half: the epochs of the committed writes never go down.
pub const EPOCHS_GROW: &str = "the log's epochs never go down";
/// I3, second half: nobody writes after its ownership ended or its life was fenced.
pub const OWNER_WRITES: &str = "only a living owner's writes are committed";
/// At most one node would get a write through.
pub const ONE_OWNER: &str = "at most one node is admitted";
/// Asked of every state: along one fair run without further faults, of all nodes together and of each one alone.
pub const RECOVERS: &str = "without further faults a node owns the shard";
/// A hand-over between the living completes.
pub const HAND_OVER: &str = "a hand-over completes";
/// A take-over from the dead completes.
pub const FAIL_OVER: &str = "a fail-over completes";
/// The write of a fenced life is refused.
pub const ZOMBIE_REFUSED: &str = "a zombie's write is refused";
/// The write of a living former owner is refused.
pub const LATE_REFUSED: &str = "a former owner's late write is refused";

pub(super) fn all() -> Vec<Property<Ownership>> {
    vec![
        Property::always(EPOCHS_GROW, |_, state: &State| state.database.log.windows(2).all(|pair| pair[0].epoch <= pair[1].epoch)),
        Property::always(OWNER_WRITES, |_, state: &State| state.database.log.iter().all(|commit| commit.writer == Writer::Owner)),
        Property::always(ONE_OWNER, |_, state: &State| (0..state.processes.len()).filter(|node| is_admitted(state, *node)).count() <= 1),
        Property::always(RECOVERS, Ownership::settles),
        Property::sometimes(HAND_OVER, |_, state: &State| state.database.log.windows(2).any(|pair| is_hand_over(state, pair))),
        Property::sometimes(FAIL_OVER, |_, state: &State| state.database.log.iter().any(|commit| commit.taken == Taken::Dead)),
        Property::sometimes(ZOMBIE_REFUSED, |_, state: &State| refused(state, false)),
        Property::sometimes(LATE_REFUSED, |_, state: &State| refused(state, true)),
    ]
}

/// What this node's process believes is true: a batch of it would be committed now.
pub(super) fn is_admitted(state: &State, node: usize) -> bool {
    let shard = &state.database.shard;
    state.belief(node).is_some_and(|(life, held)| {
        state.database.lives(life) && shard.owner.is_some_and(|owner| owner.node == node) && shard.epoch == held.epoch
    })
}

/// The second one wrote after the first one had given up the shard, and the first one lives on.
fn is_hand_over(state: &State, pair: &[Commit]) -> bool {
    pair[0].life.node != pair[1].life.node && pair[1].taken == Taken::Free && state.database.lives(pair[0].life)
}

fn refused(state: &State, lives: bool) -> bool {
    state.database.batches.iter().any(|batch| batch.stage == Stage::Refused && state.database.lives(batch.life) == lives)
}
