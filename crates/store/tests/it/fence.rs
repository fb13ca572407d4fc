use crate::story::{LEASE, Node, all, fresh, registration, session, until};
use cowork_domain::ids::Sequence;
use cowork_store::{AppendError, BatchOutcome, Renewal};
use sqlx::{Executor, PgPool};
use std::{sync::Arc, time::Duration};

/// Wrong shapes of the fence, and the right one for comparison. Each returns whether it lets the writer through.
const SHAPES: &str = "
    create function one_statement(n int, i bigint) returns boolean language sql volatile as
        $$ with l as materialized (select pg_advisory_xact_lock_shared(77001, n)) select not fenced from l, nodes where node = n and incarnation = i $$;
    create function stable_function(n int, i bigint) returns boolean language plpgsql stable as
        $$ begin perform pg_advisory_xact_lock_shared(77001, n); return (select not fenced from nodes where node = n and incarnation = i); end $$;
    create function two_statements(n int, i bigint) returns boolean language plpgsql volatile as
        $$ begin perform pg_advisory_xact_lock_shared(77001, n); return (select not fenced from nodes where node = n and incarnation = i); end $$";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_commits_after_a_fence_in_200_random_interleavings() {
    let mut node = Node::alone().await;
    let session = session("u");
    let id = session.session;
    let mut next = 1;
    for _ in 0..200 {
        let mut lane = node.lane(0).await;
        let (append_from, session, pause) = (next, session.clone(), u32::from(fresh().as_bytes()[0]));
        let shared = Arc::new(node);
        let writer = tokio::spawn({
            let node = shared.clone();
            async move {
                let mut written = 0;
                loop {
                    let append = node.append(&session, append_from + written, 1);
                    match lane.append(written + 1, &[&append]).await {
                        Ok(BatchOutcome::Committed(_)) => written += 1,
                        Err(AppendError::Fenced) => return written,
                        // Its backend was ended, because it was slow to let go.
                        Err(AppendError::OutcomeUnknown(_)) => return u64::MAX,
                        other => panic!("{other:?}"),
                    }
                }
            }
        });
        for _ in 0..pause {
            tokio::task::yield_now().await;
        }
        shared.store.fence_node(shared.number, shared.incarnation).await.unwrap();
        let at_fence = shared.store.session_bounds(id).await.unwrap().count;
        let written = writer.await.unwrap();
        let afterwards = shared.store.session_bounds(id).await.unwrap().count;
        assert_eq!(at_fence, afterwards, "a fenced incarnation wrote");
        assert_eq!(shared.store.fence_violations().await.unwrap(), []);
        assert!(written == u64::MAX || append_from + written == afterwards + 1);
        next = afterwards + 1;
        node = Arc::into_inner(shared).expect("the writer has ended");
        node.rejoin().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_waited_for_the_taker_is_refused_and_the_wrong_shapes_would_let_it_through() {
    let mut node = Node::alone().await;
    let pool = PgPool::connect(node.database.url()).await.unwrap();
    pool.execute(SHAPES).await.unwrap();
    for (isolation, shape, lets_through) in [
        ("read committed", "two_statements", false),
        ("read committed", "one_statement", true),
        ("read committed", "stable_function", true),
        ("repeatable read", "two_statements", true),
    ] {
        node.rejoin().await;
        let mut writer = pool.begin().await.unwrap();
        writer.execute(sqlx::AssertSqlSafe(format!("set transaction isolation level {isolation}"))).await.unwrap();
        let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *writer).await.unwrap();
        let call = format!("select {shape}($1, $2)");
        let (number, incarnation) = (node.number.0, node.incarnation.0);
        let waits = async move {
            sqlx::query_scalar::<_, bool>(sqlx::AssertSqlSafe(call)).bind(number).bind(incarnation).fetch_one(&mut *writer).await.unwrap()
        };
        assert_eq!(taken_while_waiting(&pool, &node, pid, waits).await, lets_through, "{isolation}, {shape}");
    }

    node.rejoin().await;
    let mut lane = node.lane(0).await;
    let pid = lane.backend_pid();
    let append = node.append(&session("u"), 1, 1);
    let waits = async move { lane.append(1, &[&append]).await };
    assert_eq!(taken_while_waiting(&pool, &node, pid, waits).await, Err(AppendError::Fenced));

    let refused = sqlx::raw_sql(
        "begin isolation level repeatable read;
         select journal_append(1, 1, 0, 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', null,
                '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
                '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', null, null)",
    );
    let error = refused.execute(&pool).await.unwrap_err();
    assert_eq!(error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("CW002"));
}

/// Fences the node while the writer with this backend waits for its lock, and says what the writer got.
async fn taken_while_waiting<T: Send + 'static>(
    pool: &PgPool,
    node: &Node,
    pid: i32,
    writer: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut taker = node.taker(pool).await;
    sqlx::query("update nodes set fenced = true where node = $1").bind(node.number.0).execute(&mut *taker).await.unwrap();
    let writer = tokio::spawn(writer);
    until(pool, "select exists (select from pg_locks where pid = $1 and locktype = 'advisory' and not granted)", pid).await;
    taker.commit().await.unwrap();
    writer.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_go_from_the_dead_and_the_leaving_to_the_living() {
    let a = Node::alone().await;
    let b = a.store.register_node(registration("b", LEASE)).await.unwrap();
    assert!(a.store.claim_shards(b.node, b.incarnation, &all()).await.unwrap().is_empty(), "the living keep theirs");
    let session = session("u");
    let mut lane = a.lane(0).await;
    lane.append(1, &[&a.append(&session, 1, 1)]).await.unwrap();

    // Its lease ends, and its process is stuck between the lock and the commit.
    let pool = PgPool::connect(a.database.url()).await.unwrap();
    let mut stuck = pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock_shared(77001, $1)").bind(a.number.0).execute(&mut *stuck).await.unwrap();
    assert_eq!(a.store.renew_lease(a.number, a.incarnation, Duration::ZERO).await.unwrap(), Renewal::Renewed);
    let taken = a.store.claim_shards(b.node, b.incarnation, &all()).await.unwrap();
    assert_eq!(taken.len(), 256);
    assert!(taken.iter().all(|(shard, epoch)| epoch.0 == a.epochs[shard].0 + 1));
    assert!(stuck.commit().await.is_err(), "the stuck transaction was ended");

    let outcome = a.lane(1).await.append(1, &[&a.append(&session, 2, 1)]).await;
    assert_eq!(outcome, Err(AppendError::Fenced));
    assert_eq!(a.store.renew_lease(a.number, a.incarnation, LEASE).await.unwrap(), Renewal::Fenced);
    assert_eq!(a.store.claim_shards(b.node, b.incarnation, &all()).await.unwrap(), taken, "a second claim changes nothing");

    // The same node comes back, and the other one leaves.
    let again = a.store.register_node(registration("a", LEASE)).await.unwrap();
    assert_eq!((again.node, again.incarnation.0), (a.number, a.incarnation.0 + 1));
    assert!(a.store.claim_shards(again.node, again.incarnation, &all()).await.unwrap().is_empty());
    a.store.leave(b.node, b.incarnation).await.unwrap();
    assert_eq!(a.store.renew_lease(b.node, b.incarnation, LEASE).await.unwrap(), Renewal::Fenced);
    let back = Node {
        epochs: a.store.claim_shards(again.node, again.incarnation, &all()).await.unwrap().into_iter().collect(),
        incarnation: again.incarnation,
        ..a
    };
    assert_eq!(back.epochs.len(), 256);
    let outcome = back.lane(0).await.append(1, &[&back.append(&session, 2, 1)]).await;
    assert_eq!(outcome, Ok(BatchOutcome::Committed(vec![Some(Sequence(2))])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liveness_lock_says_when_it_is_lost() {
    let node = Node::alone().await;
    let mut first = node.store.liveness_lock(node.number).await.unwrap();
    // A new life of the node ends the old one's connection.
    let mut second = node.store.liveness_lock(node.number).await.unwrap();
    tokio::time::timeout(LEASE, first.lost()).await.unwrap();
    first.lost().await;

    let pool = PgPool::connect(node.database.url()).await.unwrap();
    let end = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 77002
                  and database = (select oid from pg_database where datname = current_database())";
    sqlx::query(end).execute(&pool).await.unwrap();
    tokio::time::timeout(LEASE, second.lost()).await.unwrap();
}
