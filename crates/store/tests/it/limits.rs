//! What is counted for a short time.

use cowork_domain::limits::BackoffRule;
use cowork_store::{AuthBlock, AuthFailures, Counted, Store, test_database::TestDatabase};
use sqlx::{PgPool, query};
use std::time::Duration;

/// Its current window began in 2019 and ends in 2029: nobody sees two of them in one test.
const AGE: Duration = Duration::from_millis(315_360_000_000);
const RULE: BackoffRule = BackoffRule { window: AGE, max_failures: 3, wait: Duration::from_secs(600) };

async fn lease(store: &Store, key: &str, wanted: u64) -> (u64, u64) {
    let lease = store.lease_permits("org", key, AGE, 100, wanted).await.unwrap();
    assert!(lease.rest > Duration::ZERO && lease.rest <= AGE);
    (lease.granted, lease.left)
}

#[tokio::test]
async fn a_window_is_handed_out_once() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    assert_eq!(lease(&store, "a", 60).await, (60, 40));
    assert_eq!(lease(&store, "a", 30).await, (30, 10));
    assert_eq!(lease(&store, "a", 30).await, (10, 0), "never more than what is left");
    assert_eq!(lease(&store, "a", 1).await, (0, 0));
    assert_eq!(lease(&store, "b", 200).await, (100, 0));
    let lowered = store.lease_permits("org", "a", AGE, 50, 1).await.unwrap();
    assert_eq!((lowered.granted, lowered.left), (0, 0), "a limit that was lowered meanwhile");
    let other_window = store.lease_permits("org", "a", AGE / 2, 100, 1).await.unwrap();
    assert_eq!(other_window.granted, 1, "nodes with another window don't reset this one");
    assert_eq!(store.sweep_rate_windows().await.unwrap(), 0);

    query("update rate_windows set ends_at = ends_at - interval '20 years'").execute(&pool).await.unwrap();
    assert_eq!(lease(&store, "a", 5).await, (5, 95), "the next window");
    assert_eq!(store.sweep_rate_windows().await.unwrap(), 2);
    assert_eq!(lease(&store, "a", 5).await, (5, 90));
    // Of a clock that was set back, the later window counts on.
    query("update rate_windows set ends_at = ends_at + interval '20 years'").execute(&pool).await.unwrap();
    assert_eq!(store.lease_permits("org", "a", AGE, 100, 5).await.unwrap().left, 85);
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_things_are_counted_exactly() {
    let (_database, store) = TestDatabase::migrated().await;
    let counting: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.count_in_window("invite", "acme", AGE, 7).await.unwrap() })
        })
        .collect();
    let mut admitted = 0;
    for counted in counting {
        match counted.await.unwrap() {
            Counted::Admitted => admitted += 1,
            Counted::Refused { retry_after } => assert!(retry_after > Duration::ZERO && retry_after <= AGE),
        }
    }
    assert_eq!(admitted, 7);
    assert_eq!(store.count_in_window("invite", "other", Duration::MAX, 1).await.unwrap(), Counted::Admitted);
    assert!(matches!(store.count_in_window("invite", "none", AGE, 0).await.unwrap(), Counted::Refused { .. }));
}

#[tokio::test]
async fn rejections_add_up_to_a_wait_that_everybody_hears_of() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    let fail = |ip: u64, auth: u64| {
        let store = store.clone();
        async move {
            let failed = [("ip:1.2.3.4".to_owned(), ip), ("auth:00".to_owned(), auth)];
            let mut counted = store.add_auth_failures(&failed, RULE).await.unwrap();
            counted.sort_by(|a, b| b.scope.cmp(&a.scope));
            let [ip, auth]: [AuthFailures; 2] = counted.try_into().expect("one row for each scope");
            assert_eq!((ip.scope.as_str(), auth.scope.as_str()), ("ip:1.2.3.4", "auth:00"));
            assert!(ip.rest > Duration::ZERO && ip.rest <= AGE);
            let is_wait = |rest: Duration| rest > RULE.wait / 2 && rest <= RULE.wait;
            assert!([&ip, &auth].iter().all(|counted| counted.blocked_for.is_none_or(is_wait)));
            [(ip.failures, ip.blocked_for.is_some()), (auth.failures, auth.blocked_for.is_some())]
        }
    };
    let blocks = |within: Duration| {
        let store = store.clone();
        async move {
            let blocks = store.recent_auth_blocks(within).await.unwrap();
            assert!(blocks.iter().all(|AuthBlock { rest, .. }| *rest > Duration::ZERO && *rest <= RULE.wait));
            blocks.into_iter().map(|block| block.scope).collect::<Vec<_>>()
        }
    };
    assert_eq!(fail(1, 2).await, [(1, false), (2, false)]);
    assert!(blocks(RULE.wait).await.is_empty());
    assert_eq!(fail(1, 1).await, [(2, false), (3, true)]);
    assert_eq!(blocks(RULE.wait).await, ["auth:00"]);
    assert_eq!(fail(1, 1).await, [(3, true), (4, true)]);
    assert_eq!(blocks(RULE.wait).await.len(), 2);
    assert!(blocks(Duration::ZERO).await.is_empty(), "what began earlier is known already");

    query("update auth_failures set blocked_until = blocked_at").execute(&pool).await.unwrap();
    assert!(blocks(RULE.wait).await.is_empty(), "the waits are over");
    assert_eq!(fail(1, 1).await, [(4, true), (5, true)], "one more in the same window starts another");
    assert_eq!(store.sweep_auth_failures().await.unwrap(), 0);
    query("update auth_failures set ends_at = ends_at - interval '20 years'").execute(&pool).await.unwrap();
    assert_eq!(store.sweep_auth_failures().await.unwrap(), 0, "a wait outlives its window");
    assert_eq!(fail(1, 3).await, [(1, true), (3, true)], "a new window counts anew");
    query("update auth_failures set ends_at = ends_at - interval '20 years', blocked_until = null").execute(&pool).await.unwrap();
    assert_eq!(store.sweep_auth_failures().await.unwrap(), 2);
    assert_eq!(fail(1, 1).await, [(1, false), (1, false)]);
}
