//! Several nodes on one database.

use super::*;
use cowork_store::test_database::TestDatabase;
use futures_util::future::join_all;

/// Its current window began in 2019 and ends in 2029: nobody sees two of them in one test.
const AGE: Duration = Duration::from_millis(315_360_000_000);

const fn limit(max_requests: u64) -> RateLimit {
    RateLimit { window: AGE, max_requests }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_a_window_and_none_of_it_is_lost_or_spent_twice() {
    let (_database, store) = TestDatabase::migrated().await;
    let nodes = [0, 1, 2].map(|_| RateLimits::start(limit(400), store.clone()));
    let org = OrgId::new("acme");
    let requests = (0..900).map(|number: usize| {
        let node = &nodes[number % nodes.len()];
        node.admit(RateScope::Org(&org), Clock.instant())
    });
    let admitted = join_all(requests).await.into_iter().flatten().count();
    // What a node could keep for itself is the rest of one block (a twentieth).
    assert!((400 - 3 * 20..=400).contains(&admitted), "{admitted} of 400");
    // Every node goes on until its own rest is spent and everybody is refused.
    let mut total = admitted;
    for node in &nodes {
        while node.admit(RateScope::Org(&org), Clock.instant()).await.is_ok() {
            total += 1;
        }
    }
    assert_eq!(total, 400);
    let others = OrgId::new("other");
    assert_eq!(nodes[0].admit(RateScope::Org(&others), Clock.instant()).await, Ok(()), "another organisation is not touched");
    assert_eq!(nodes[0].admit(RateScope::Token("acme"), Clock.instant()).await, Ok(()), "nor is a token of the same name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_is_spent_and_a_flood_is_refused_without_the_database() {
    let (_database, store) = TestDatabase::migrated().await;
    let limits = RateLimits::start(limit(40), store.clone());
    let scope = RateScope::Token("t");
    assert_eq!(limits.try_admit(scope, Clock.instant()), None, "the first one has to ask");
    assert_eq!(limits.admit(scope, Clock.instant()).await, Ok(()));
    // A plain call, which has nothing to wait with.
    assert_eq!(limits.try_admit(scope, Clock.instant()), Some(Ok(())), "the block has two permits");
    while limits.admit(scope, Clock.instant()).await.is_ok() {}
    store.close().await;
    let Some(Err(refused)) = limits.try_admit(scope, Clock.instant()) else { panic!("it should know by itself") };
    assert!(refused.retry_after > Duration::from_secs(1) && refused.retry_after <= AGE, "{refused:?}");
    assert_eq!(limits.admit(RateScope::Token("u"), Clock.instant()).await, Ok(()), "without a database nobody is refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_at_the_start_of_a_window_asks_once_per_block() {
    let (_database, store) = TestDatabase::migrated().await;
    let limits = RateLimits::start(limit(2000), store.clone());
    let org = OrgId::new("acme");
    let burst = join_all((0..100).map(|_| limits.admit(RateScope::Org(&org), Clock.instant()))).await;
    assert!(burst.iter().all(Result::is_ok));
    let next = store.lease_permits("org", "acme", AGE, 2000, 1).await.expect("the database answers");
    assert_eq!(next.left, 2000 - 100 - 1, "a hundred requests took one block of a hundred");
}

#[tokio::test]
async fn a_request_that_is_dropped_loses_no_permits() {
    let (_database, store) = TestDatabase::migrated().await;
    let limits = RateLimits::start(limit(40), store);
    let scope = RateScope::Token("t");
    {
        let mut dropped = Box::pin(limits.admit(scope, Clock.instant()));
        tokio::select! {
            biased;
            _ = &mut dropped => panic!("it has to wait for the database"),
            () = std::future::ready(()) => {}
        }
    }
    // The next one waits for its turn, and then finds what the dropped one brought: of two permits, one was its own.
    assert_eq!(limits.admit(scope, Clock.instant()).await, Ok(()));
    let mut admitted = 1;
    while limits.admit(scope, Clock.instant()).await.is_ok() {
        admitted += 1;
    }
    assert_eq!(admitted, 39, "only the dropped request itself was counted");
}
