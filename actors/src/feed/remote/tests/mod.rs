//! Several hubs, one database, and links that do what links do (I4).

mod board;
mod cluster;
mod losses;

use super::{RemoteOptions, outbox::OUTBOX_BYTES};
use board::Faults;
use cluster::{Cluster, Node, OPTIONS, eventually, message, owner};
use std::time::Duration;

const CUT: Faults = Faults { cut: true, frozen: false, loss: 0, swallowed: 0, delay: 0 };
const FROZEN: Faults = Faults { cut: false, frozen: true, loss: 0, swallowed: 0, delay: 0 };
const SWALLOW: Faults = Faults { cut: false, frozen: false, loss: 0, swallowed: 100, delay: 0 };

async fn is_told(follower: &Node, owner: &Node) {
    eventually("the follow is not confirmed", || follower.feeds.report().polled_logs == 0 && owner.feeds.report().told_logs > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_on_another_node_is_live_and_needs_no_database() {
    let cluster = Cluster::new(1).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    user.read_to(1).await;
    is_told(&b, &a).await;
    b.store.close().await;
    for round in 0..50 {
        a.write(&mut story, &[message(300), message(round)]).await;
    }
    assert_eq!(session.read_to(101).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(101).await, cluster.workspace_bytes(&story).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_moves_under_load_is_seen_without_a_hole_everywhere() {
    let cluster = Cluster::new(2).await;
    let nodes = [cluster.node(0).await, cluster.node(1).await, cluster.node(2).await];
    let (owners, all): ([&Node; 2], Vec<&Node>) = ([&nodes[0], &nodes[2]], nodes.iter().collect());
    let mut story = cluster.session("kim", &nodes[0]).await;
    let session = story.identity.session;
    let mut readers: Vec<_> = all.iter().flat_map(|node| [node.follow(&story, 0), node.follow_user(&story, 0)]).collect();
    for round in 0..400 {
        let (append, first) = owner(&owners, &cluster.board, session).commit(&mut story, &[message(round)]).await;
        let writer = owner(&owners, &cluster.board, session);
        if round % 40 == 39 {
            cluster.board.give(session, owners[(round / 40 + 1) % 2].name());
        }
        // What is shown after the move was committed before it.
        writer.hub.publish(&append, first);
    }
    let (of_session, (of_user, _)) = (cluster.session_bytes(&story).await, cluster.workspace_bytes(&story).await);
    for pair in readers.chunks_mut(2) {
        assert_eq!(pair[0].read_to(401).await, of_session);
        assert_eq!(pair[1].read_to(401).await, of_user);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_last_push_is_found_by_the_next_renewal() {
    let cluster = Cluster::new(3).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    user.read_to(1).await;
    is_told(&b, &a).await;
    cluster.board.set(a.name(), SWALLOW);
    a.write(&mut story, &[message(1)]).await;
    assert_eq!(session.read_to(2).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(2).await, cluster.workspace_bytes(&story).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_known_to_be_lost_is_replaced_by_a_notice() {
    let cluster = Cluster::new(10).await;
    let rarely = RemoteOptions { renewal: Duration::from_secs(600), lease: Duration::from_secs(1800), ..OPTIONS };
    let (a, b) = (cluster.node_with(0, rarely).await, cluster.node_with(1, rarely).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    user.read_to(1).await;
    is_told(&b, &a).await;
    cluster.board.set(a.name(), Faults { loss: 100, ..Faults::default() });
    a.write(&mut story, &[message(1)]).await;
    eventually("nothing is lost", || cluster.board.lost() > 0).await;
    cluster.board.set(a.name(), Faults::default());
    assert_eq!(session.read_to(2).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(2).await, cluster.workspace_bytes(&story).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_while_a_session_was_away_is_found() {
    let cluster = Cluster::new(14).await;
    let (a, b, c) = (cluster.node(0).await, cluster.node(1).await, cluster.node(2).await);
    let mut story = cluster.session("kim", &a).await;
    let id = story.identity.session;
    let (mut at_a, mut at_b) = (a.follow(&story, 0), b.follow(&story, 0));
    at_a.read_to(1).await;
    at_b.read_to(1).await;
    is_told(&b, &a).await;
    // Only the two owners know of it, and the follower's view changes back before it looks.
    cluster.board.give_quietly(id, c.name());
    a.feeds.ownership_changed();
    c.write(&mut story, &[message(1)]).await;
    cluster.board.give_quietly(id, a.name());
    a.feeds.ownership_changed();
    let bytes = cluster.session_bytes(&story).await;
    assert_eq!(at_a.read_to(2).await, bytes);
    assert_eq!(at_b.read_to(2).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_link_is_bridged_by_the_database_until_it_heals() {
    let cluster = Cluster::new(4).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    is_told(&b, &a).await;
    for node in [&a, &b] {
        cluster.board.set(node.name(), CUT);
    }
    cluster.board.tell_all();
    for round in 0..5 {
        a.write(&mut story, &[message(round), message(round)]).await;
        session.read_to(story.written).await;
        user.read_to(story.written).await;
    }
    eventually("nobody noticed the cut", || b.feeds.report().polled_logs == 2).await;
    for node in [&a, &b] {
        cluster.board.set(node.name(), Faults::default());
    }
    cluster.board.tell_all();
    is_told(&b, &a).await;
    let pushes = cluster.board.pushes();
    a.write(&mut story, &[message(9)]).await;
    assert_eq!(session.read_to(12).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(12).await, cluster.workspace_bytes(&story).await.0);
    assert!(cluster.board.pushes() > pushes);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_write_one_stream() {
    let cluster = Cluster::new(5).await;
    let (a, b, c) = (cluster.node(0).await, cluster.node(1).await, cluster.node(2).await);
    let (mut first, mut second) = (cluster.session("kim", &a).await, cluster.session("kim", &c).await);
    let mut readers = [a.follow_user(&first, 0), b.follow_user(&first, 0), c.follow_user(&first, 0), b.follow_user(&first, 1)];
    let write = async |node: &Node, story: &mut cluster::Story| {
        for round in 0..200 {
            node.write(story, &[message(round), message(7)]).await;
        }
    };
    tokio::join!(write(&a, &mut first), write(&c, &mut second));
    let (bytes, count) = cluster.workspace_bytes(&first).await;
    assert_eq!(count, 802);
    for reader in &mut readers[..3] {
        assert_eq!(reader.read_to(count).await, bytes);
    }
    assert!(bytes.ends_with(readers[3].read_to(count).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_too_large_for_a_push_is_announced() {
    let cluster = Cluster::new(6).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    is_told(&b, &a).await;
    a.write(&mut story, &[message(100_000)]).await;
    session.read_to(2).await;
    // Quotation marks take twice their room on the way.
    a.write(&mut story, &[message(10), message(20_000), format!("[{}\"\"]", "\"\",".repeat(6000)), message(100_000), message(10)]).await;
    a.write(&mut story, &[message(1)]).await;
    assert_eq!(session.read_to(8).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(8).await, cluster.workspace_bytes(&story).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_follower_costs_its_outbox_and_no_more() {
    let cluster = Cluster::new(7).await;
    let (a, b, c) = (cluster.node(0).await, cluster.node(1).await, cluster.node(2).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut frozen, mut lively) = (b.follow(&story, 0), a.follow(&story, 0));
    frozen.read_to(1).await;
    is_told(&b, &a).await;
    cluster.board.set(a.name(), FROZEN);
    for _ in 0..80 {
        a.write(&mut story, &vec![message(5000); 10]).await;
        assert!(a.feeds.report().outbox_bytes <= OUTBOX_BYTES);
    }
    lively.read_to(story.written).await;
    cluster.board.set(a.name(), Faults::default());
    a.write(&mut story, &[message(1)]).await;
    assert_eq!(frozen.read_to(story.written).await, cluster.session_bytes(&story).await);
    // And one that doesn't come back is forgotten.
    b.vanish(&cluster.board);
    eventually("the lease doesn't end", || a.feeds.report().told_logs == 0 && a.feeds.report().outbox_bytes == 0).await;
    let mut late = c.follow(&story, story.written - 1);
    late.read_to(story.written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_numbers_are_not_known_is_read_from_the_database() {
    let cluster = Cluster::new(8).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let (mut session, mut user) = (b.follow(&story, 0), b.follow_user(&story, 0));
    session.read_to(1).await;
    user.read_to(1).await;
    is_told(&b, &a).await;
    a.write(&mut story, &[message(1)]).await;
    let (append, _) = a.commit(&mut story, &[message(2)]).await;
    a.hub.forget(append.identity.session, append.workspace);
    assert_eq!(session.read_to(3).await, cluster.session_bytes(&story).await);
    assert_eq!(user.read_to(3).await, cluster.workspace_bytes(&story).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_reader_ends_the_follow() {
    let cluster = Cluster::new(9).await;
    let (a, b) = (cluster.node(0).await, cluster.node(1).await);
    let mut story = cluster.session("kim", &a).await;
    let mut reader = b.follow(&story, 0);
    reader.read_to(1).await;
    is_told(&b, &a).await;
    drop(reader);
    eventually("it is followed for nobody", || b.feeds.report().followed_logs == 0 && a.feeds.report().told_logs == 0).await;
    a.write(&mut story, &[message(1)]).await;
    let mut again = b.follow(&story, 0);
    assert_eq!(again.read_to(2).await, cluster.session_bytes(&story).await);
}
