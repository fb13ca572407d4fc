//! What subscribers see (I4).

use super::world::{World, answer};
use crate::{CutSwitch, Subscription, feed::records};
use cowork_domain::ids::Sequence;
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;

/// Reads until the stream has shown `last`, and fails on any gap, repeat or reorder.
async fn read_to(stream: &mut Subscription, mut cursor: u64, last: u64) -> Vec<Value> {
    let mut seen = Vec::new();
    while cursor < last {
        let piece = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("in time").expect("the stream goes on");
        for record in records(&piece) {
            let record: Value = serde_json::from_str(record).expect("a record is JSON");
            assert_eq!(record["sequence"], cursor + 1, "I4");
            cursor += 1;
            seen.push(record);
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn early_late_and_resuming_subscribers_see_the_same_run() {
    let world = World::new().await;
    let session = world.session().await;
    let mut early = world.node.subscribe_session(&world.me, session, Sequence::ZERO).await.expect("subscribed");
    world.prompt(session, "flood 300").await;
    world.until(session, |view| answer(view) == "flood: 300").await;
    let last = world.log(session).await.len() as u64;
    let mut late = world.node.subscribe_session(&world.me, session, Sequence::ZERO).await.expect("subscribed");
    let mut resuming = world.node.subscribe_session(&world.me, session, Sequence(5)).await.expect("subscribed");
    let (early, late) = (read_to(&mut early, 0, last).await, read_to(&mut late, 0, last).await);
    assert_eq!(early, late);
    assert_eq!(read_to(&mut resuming, 5, last).await[..], early[5..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_stream_counts_all_sessions_of_a_user_without_a_hole() {
    let world = World::new().await;
    let mut stream = world.node.subscribe_workspace(&world.me, Sequence::ZERO);
    let sessions = futures_util::future::join_all((0..8).map(|_| world.session())).await;
    futures_util::future::join_all(sessions.iter().map(|session| world.prompt(*session, "say hi"))).await;
    let mut total = 0;
    for session in &sessions {
        world.until(*session, |view| answer(view) == "say: hi" && view["session"]["status"] == "idle").await;
        total += world.log(*session).await.len() as u64;
    }
    let seen = read_to(&mut stream, 0, total).await;
    for session in &sessions {
        let own: Vec<&Value> =
            seen.iter().filter(|record| record["sessionId"] == session.to_string()).map(|record| &record["projectionVersion"]).collect();
        assert!(own.iter().zip(1_u64..).all(|(version, expected)| **version == expected), "{own:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_is_cut_and_resumes_by_its_cursor() {
    let world = World::new().await;
    let session = world.session().await;
    let mut slow = world.node.subscribe_session(&world.me, session, Sequence::ZERO).await.expect("subscribed");
    let cut = CutSwitch::default();
    slow.cut_with(cut.clone());
    read_to(&mut slow, 0, 1).await;
    world.prompt(session, "flood 9000").await;
    tokio::time::timeout(Duration::from_secs(60), cut.wait()).await.expect("it is cut");
    let cursor = slow.cursor();
    drop(slow);
    let mut again = world.node.subscribe_session(&world.me, session, cursor).await.expect("subscribed");
    read_to(&mut again, cursor.0, cursor.0 + 2000).await;
}
