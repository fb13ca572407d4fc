//! What a session waits for when it wakes up.

use super::world::{World, eventually};
use crate::NodeOptions;
use futures_util::poll;
use std::pin::pin;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_wakes_up_waits_for_its_own_appends_and_for_nobody_elses() {
    let world = World::with(NodeOptions { lanes: 1, ..NodeOptions::default() }).await;
    let (earlier, own, other) = (world.session().await, world.session().await, world.session().await);
    let journal = &world.node.shared.journal;
    let holds = (world.database.hold(earlier).await, world.database.hold(own).await);
    let steps = async {
        // The lane is at the earlier session's append, so that all that comes now is taken together.
        world.database.until_somebody_waits().await;
        let prompt = async { world.prompt(own, "say own").await };
        let wake = async {
            eventually("the append never comes to the lane", || async { (journal.queued() == 1).then_some(()) }).await;
            let mut own_barrier = pin!(journal.barrier(own));
            assert!(poll!(own_barrier.as_mut()).is_pending());
            drop(holds.0);
            // It comes to the lane last, and is answered while the append before it still waits.
            assert_eq!(journal.barrier(other).await, Ok(()));
            assert!(poll!(own_barrier.as_mut()).is_pending(), "a session was read while an append of its own was on its way");
            drop(holds.1);
            assert_eq!(own_barrier.await, Ok(()));
            assert_eq!(world.count(own, "prompt.submitted").await, 1);
        };
        tokio::join!(prompt, wake);
    };
    tokio::join!(world.prompt(earlier, "say earlier"), steps);
}
