//! The cluster as nodes and operators see it.

use crate::story::{LEASE, Node, all, registration, session};
use cowork_domain::ids::{Epoch, ShardId};
use cowork_store::{AppendError, NodeRegistration, ShardMove};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_view_shows_nodes_shards_and_how_they_moved() {
    let mut a = Node::idle().await;
    let store = a.store.clone();
    let empty = store.cluster_view().await.unwrap();
    assert_eq!((empty.shard_count, empty.shards.len()), (256, 256));
    assert!(empty.shards.iter().zip(0..).all(|(row, number)| row.shard == ShardId(number) && row.owner.is_none() && row.epoch == Epoch(0)));
    assert_eq!(store.recent_moves(10).await.unwrap(), []);

    let roles = vec!["web".to_owned(), "a \"b\", c".to_owned()];
    let web = NodeRegistration { address: "10.0.0.1:7".to_owned(), roles: roles.clone(), ..registration("web", LEASE) };
    store.register_node(web).await.unwrap();
    let (mut b, c) = (a.another("b").await, a.another("c").await);
    a.claim(&[ShardId(1), ShardId(2), ShardId(3)]).await;
    store.release_shards(a.number, a.incarnation, &[ShardId(1), ShardId(2)]).await.unwrap();
    b.claim(&[ShardId(1)]).await;
    b.outlive_lease().await;
    a.claim(&[ShardId(1)]).await;
    store.leave(a.number, a.incarnation).await.unwrap();
    c.outlive_lease().await;
    assert!(store.set_draining("web", true).await.unwrap() && !store.set_draining("nobody", true).await.unwrap());
    a.rejoin_without_claim().await;
    a.claim(&[ShardId(3)]).await;

    let view = store.cluster_view().await.unwrap();
    let nodes: Vec<_> = view.nodes.iter().map(|row| (row.name.as_str(), row.draining, row.fenced, row.lease_left.is_zero())).collect();
    assert_eq!(nodes, [("a", false, false, false), ("web", true, false, false), ("b", false, true, true), ("c", false, false, true)]);
    assert_eq!((view.nodes[1].address.as_str(), &view.nodes[1].roles, view.nodes[1].incarnation.0), ("10.0.0.1:7", &roles, 1));
    assert_eq!((view.nodes[0].node, view.nodes[0].incarnation), (a.number, a.incarnation));
    assert!(view.nodes[0].lease_left > Duration::ZERO && view.nodes[0].lease_left <= LEASE && view.nodes[2].lease_left.is_zero());
    let owned: Vec<_> = view.shards.iter().filter_map(|row| row.owner.map(|owner| (row.shard, owner))).collect();
    assert_eq!(owned, [(ShardId(3), (a.number, a.incarnation))]);

    let moves = store.recent_moves(10).await.unwrap();
    let told = |row: &ShardMove| (row.shard.0, row.from.clone(), row.to.clone(), row.reason.clone(), row.epoch.0);
    let (from_a, to_a) = (Some("a".to_owned()), Some("a".to_owned()));
    assert_eq!(
        moves.iter().map(told).collect::<Vec<_>>(),
        [
            (3, from_a.clone(), to_a, "leave".to_owned(), 3),
            (1, from_a.clone(), None, "leave".to_owned(), 5),
            (2, from_a, None, "hand_over".to_owned(), 2)
        ]
    );
    assert!(moves.is_sorted_by_key(|row| std::cmp::Reverse(row.at)));
    assert_eq!(store.recent_moves(1).await.unwrap(), moves[..1]);
    assert!(store.register_node(registration("web", LEASE)).await.is_ok());
    assert!(!store.cluster_view().await.unwrap().nodes[1].draining, "whoever registers anew isn't draining");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_in_use_while_its_process_lives() {
    let node = Node::alone().await;
    let store = &node.store;
    assert!(store.name_in_use("a").await.unwrap().is_some(), "it has only just come");
    let other = node.another("other").await;
    node.database.execute("update nodes set registered_at = now() - interval '1 minute'").await;
    assert_eq!(store.name_in_use("a").await.unwrap(), None, "registered, but no process");
    let lock = store.liveness_lock(node.number).await.unwrap();
    let found = store.name_in_use("a").await.unwrap().unwrap();
    assert_eq!(found.address, "127.0.0.1:1");
    assert!(found.lease_left > Duration::ZERO && found.lease_left <= LEASE);
    assert_eq!((store.name_in_use("other").await.unwrap(), store.name_in_use("nobody").await.unwrap()), (None, None));
    node.outlive_lease().await;
    assert_eq!(store.name_in_use("a").await.unwrap(), None, "it may be stuck");
    drop((lock, other));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_node_that_is_dead_and_owns_nothing_is_forgotten() {
    let a = Node::alone().await;
    let mut b = a.another("b").await;
    let (store, session) = (a.store.clone(), session("u"));
    let mut lane = a.lane(0).await;
    lane.append(1, &[&a.append(&session, 1, 1)]).await.unwrap();
    assert!(!store.remove_node("nobody").await.unwrap());
    assert!(!store.remove_node("b").await.unwrap(), "it lives");
    a.outlive_lease().await;
    assert!(!store.remove_node("a").await.unwrap(), "it owns shards");
    b.claim(&all()).await;
    assert!(store.remove_node("a").await.unwrap());
    assert!(!store.remove_node("a").await.unwrap());

    assert_eq!(lane.append(2, &[&a.append(&session, 2, 1)]).await, Err(AppendError::Fenced), "what is forgotten doesn't write");
    assert!(store.fence_if_gone(a.number, a.incarnation).await.unwrap());
    assert_eq!(store.recent_moves(1).await.unwrap()[0].from, None);
    assert_eq!(store.fence_violations().await.unwrap(), []);
    let again = a.another("a").await;
    assert!(again.number.0 > b.number.0 && again.incarnation.0 == 1, "should it come back, it is a new node");
}
