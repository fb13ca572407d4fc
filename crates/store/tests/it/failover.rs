//! Who is dead, and the proof that the dead write nothing.

use crate::story::{LEASE, Node, all, registration, session, until};
use cowork_domain::ids::Incarnation;
use cowork_store::{AppendError, FenceViolation, LivenessLock, PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use std::{os::unix::fs::PermissionsExt, time::Duration};

/// The node is a member for long, and so is the server up, as far as the rule for free locks is concerned.
const SETTLED: &str = "update nodes set registered_at = now() - interval '1 minute', lease_ms = 0";

/// Asks again until the server has noticed that a connection was closed.
async fn gone_at_last(node: &Node) {
    let ask = async { while !node.store.fence_if_gone(node.number, node.incarnation).await.unwrap() {} };
    tokio::time::timeout(LEASE, ask).await.expect("a free liveness lock says that its node is gone");
}

async fn is_fenced(node: &Node) -> bool {
    let view = node.store.cluster_view().await.unwrap();
    view.nodes.iter().find(|row| row.node == node.number).unwrap().fenced
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freed_liveness_lock_ends_its_node_long_before_its_lease() {
    let mut a = Node::alone().await;
    let mut b = a.another("b").await;
    let pool = PgPool::connect(a.database.url()).await.unwrap();
    let lock = a.store.liveness_lock(a.number).await.unwrap();
    sqlx::query(SETTLED).execute(&pool).await.unwrap();
    let mut lane = a.lane(0).await;
    lane.append(1, &[&a.append(&session("u"), 1, 1)]).await.unwrap();

    assert!(!a.store.fence_if_gone(a.number, a.incarnation).await.unwrap(), "it lives");
    assert!(b.claim(&all()).await.is_empty());
    drop(lock);
    gone_at_last(&a).await;
    assert_eq!(lane.append(2, &[&a.append(&session("u"), 1, 1)]).await, Err(AppendError::Fenced));
    assert_eq!(b.claim(&all()).await, all());
    assert!(a.store.fence_violations().await.unwrap().is_empty());

    // Asked again, and about what is no more.
    assert!(a.store.fence_if_gone(a.number, a.incarnation).await.unwrap());
    let old = a.incarnation;
    a.rejoin_without_claim().await;
    assert!(a.store.fence_if_gone(a.number, old).await.unwrap());
    assert!(!is_fenced(&a).await, "a question about an earlier life does nothing to this one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_liveness_lock_says_nothing_about_a_node_that_may_be_about_to_take_it() {
    let node = Node::alone().await;
    let pool = PgPool::connect(node.database.url()).await.unwrap();
    let settled_but = async |change: &'static str| {
        sqlx::query(SETTLED).execute(&pool).await.unwrap();
        sqlx::query(change).execute(&pool).await.unwrap();
        node.store.fence_if_gone(node.number, node.incarnation).await.unwrap()
    };
    assert!(!settled_but("update nodes set registered_at = now()").await, "it has just registered");
    // As it is after a start: for the length of a lease.
    assert!(!settled_but("update nodes set lease_ms = 1000::bigint * 60 * 60 * 24 * 365 * 50").await, "the server has just started");
    assert!(!is_fenced(&node).await);
    let over = "update nodes set registered_at = now(), lease_ms = 1000::bigint * 60 * 60 * 24 * 365 * 50, lease_expires_at = now() - interval '1 ms'";
    assert!(settled_but(over).await, "a lease that is over needs no other reason");
    assert!(is_fenced(&node).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_restart_nor_a_crash_of_the_server_ends_the_living() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let options = PrivatePostgresOptions { data_dir: folder.path().join("data"), pg_bin: None };
    let mut server = PrivatePostgres::start(options).await.unwrap();
    let store = Store::connect(StoreOptions::new(server.url())).await.unwrap();
    store.migrate().await.unwrap();
    let node = store.register_node(registration("a", LEASE)).await.unwrap();
    let pool = PgPool::connect(server.url()).await.unwrap();
    let started: OffsetDateTime = sqlx::query_scalar("select pg_postmaster_start_time()").fetch_one(&pool).await.unwrap();
    // Its lease is just as long as the server has been up, had nothing happened.
    let settled =
        "update nodes set registered_at = now() - interval '1 minute', lease_ms = 1000 * extract(epoch from clock_timestamp() - $1)";

    for is_crash in [true, false] {
        let mut lock = store.liveness_lock(node.node).await.unwrap();
        if is_crash {
            // The postmaster stays and starts all others anew.
            let holder = "select pid from pg_locks where locktype = 'advisory' and classid = 77002 and granted";
            let holder: i32 = sqlx::query_scalar(holder).fetch_one(&pool).await.unwrap();
            signal::kill(Pid::from_raw(holder), Signal::SIGKILL).unwrap();
        } else {
            signal::kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGINT).unwrap();
            server.exited().await;
            server.restart().await.unwrap();
        }
        tokio::time::timeout(LEASE, lock.lost()).await.expect("all connections are gone");
        let back = async { while sqlx::query(settled).bind(started).execute(&pool).await.is_err() || store.ping().await.is_err() {} };
        tokio::time::timeout(LEASE, back).await.expect("the server is back");
        sqlx::query(settled).bind(started).execute(&pool).await.unwrap();
        assert!(!store.fence_if_gone(node.node, node.incarnation).await.unwrap(), "crash: {is_crash}");
        assert_eq!(store.name_in_use("a").await.unwrap(), None, "nobody held the lock when that was asked");
    }
    // It would have been ended otherwise.
    sqlx::query(SETTLED).execute(&pool).await.unwrap();
    assert!(store.fence_if_gone(node.node, node.incarnation).await.unwrap());
    pool.close().await;
    store.close().await;
    server.stop().await;
}

/// How an incarnation can end.
#[derive(Debug, Clone, Copy)]
enum End {
    Fence,
    Leave,
    Rejoin,
    Lease,
    Process,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_an_incarnation_keeps_its_last_batches_and_a_later_one_would_show() {
    let mut a = Node::alone().await;
    let mut b = a.another("b").await;
    let pool = PgPool::connect(a.database.url()).await.unwrap();
    for (batch, end) in (10..).step_by(10).zip([End::Fence, End::Leave, End::Rejoin, End::Lease, End::Process]) {
        let (mut first, mut second) = (a.lane(0).await, a.lane(1).await);
        let (u, v) = (session("u"), session("v"));
        first.append(batch, &[&a.append(&u, 1, 1)]).await.unwrap();
        second.append(batch + 1, &[&a.append(&v, 1, 1)]).await.unwrap();
        let ended: Incarnation = a.incarnation;
        match end {
            End::Fence => a.store.fence_node(a.number, ended).await.unwrap(),
            End::Leave => a.store.leave(a.number, ended).await.unwrap(),
            End::Rejoin => drop(a.store.register_node(registration("a", LEASE)).await.unwrap()),
            End::Lease => {
                a.outlive_lease().await;
                assert_eq!(b.claim(&all()).await, all());
            }
            End::Process => {
                let lock: LivenessLock = a.store.liveness_lock(a.number).await.unwrap();
                sqlx::query(SETTLED).execute(&pool).await.unwrap();
                drop(lock);
                gone_at_last(&a).await;
            }
        }
        let marks = "select lane, batch from fence_marks where node = $1 and incarnation = $2 order by lane";
        let marks: Vec<(i32, i64)> = sqlx::query_as(marks).bind(a.number.0).bind(ended.0).fetch_all(&pool).await.unwrap();
        assert_eq!(marks, [(0, i64::try_from(batch).unwrap()), (1, i64::try_from(batch).unwrap() + 1)], "{end:?}");

        // The zombie goes on, on an old lane and on one that it never used.
        assert_eq!(first.append(batch + 2, &[&a.append(&u, 2, 1)]).await, Err(AppendError::Fenced), "{end:?}");
        assert_eq!(a.lane(2).await.append(batch + 3, &[&a.append(&v, 2, 1)]).await, Err(AppendError::Fenced), "{end:?}");
        assert_eq!(a.store.fence_violations().await.unwrap(), [], "{end:?}");

        b.store.release_shards(b.number, b.incarnation, &all()).await.unwrap();
        a.rejoin().await;
        assert_eq!(a.epochs.len(), 256);
    }

    // The judge isn't blind: a batch that got through, on a known lane and on a new one.
    let mut lane = a.lane(0).await;
    lane.append(100, &[&a.append(&session("u"), 1, 1)]).await.unwrap();
    assert_eq!(a.store.fence_violations().await.unwrap(), [], "a living node commits as it likes");
    a.store.fence_node(a.number, a.incarnation).await.unwrap();
    for slip in [
        "update lane_marks set batch = 101 where lane = 0",
        "insert into lane_marks select node, 5, incarnation, 1 from lane_marks where lane = 0",
    ] {
        sqlx::query(slip).execute(&pool).await.unwrap();
    }
    let violation = |lane, last_allowed, found| FenceViolation { node: a.number, incarnation: a.incarnation, lane, last_allowed, found };
    assert_eq!(a.store.fence_violations().await.unwrap(), [violation(0, Some(100), 101), violation(5, None, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_takes_its_lock_again_while_a_peer_looks_keeps_the_peer_alive() {
    let node = Node::alone().await;
    let pool = PgPool::connect(node.database.url()).await.unwrap();
    // A peer that looked and found the lock free, and hasn't come to an end yet.
    let mut peer = pool.begin().await.unwrap();
    sqlx::query("select pg_try_advisory_xact_lock_shared(77002, $1)").bind(node.number.0).execute(&mut *peer).await.unwrap();
    let taking = tokio::spawn({
        let (store, number) = (node.store.clone(), node.number);
        async move { store.liveness_lock(number).await }
    });
    until(&pool, "select exists (select from pg_locks where locktype = 'advisory' and classid = 77002 and not granted and pid <> $1)", 0)
        .await;
    sqlx::query(SETTLED).execute(&pool).await.unwrap();
    assert!(!node.store.fence_if_gone(node.number, node.incarnation).await.unwrap(), "somebody waits for it");
    peer.rollback().await.expect("the peer was left alone");
    let lock = tokio::time::timeout(Duration::from_secs(10), taking).await.unwrap().unwrap().unwrap();
    assert!(!node.store.fence_if_gone(node.number, node.incarnation).await.unwrap());
    drop(lock);
}
