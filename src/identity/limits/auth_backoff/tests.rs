//! Several nodes on one database.

use super::*;
use crate::identity::limits::ClientAddress;
use cowork_store::test_database::TestDatabase;
use std::net::IpAddr;

/// Its current window began in 2019 and ends in 2029: nobody sees two of them in one test.
const AGE: Duration = Duration::from_millis(315_360_000_000);
const RULE: BackoffRule = BackoffRule { window: AGE, max_failures: 4, wait: Duration::from_secs(3600) };

fn attempt(last: u8, credential: &str) -> Attempt {
    let address = ClientAddress::new(IpAddr::from([203, 0, 113, last])).counted();
    Attempt { address, credential: Some(CredentialHash::of(credential.as_bytes())) }
}

async fn fail(node: &AuthBackoff, attempt: Attempt) {
    assert_eq!(node.check(attempt, Clock.instant()), Ok(()), "it may still try");
    node.failed(attempt, Clock.instant()).await;
}

#[test]
fn scopes_are_written_as_the_contract_names_them() {
    let scopes: Vec<String> = attempt(9, "Bearer x").scopes().map(|scope| scope.to_string()).collect();
    assert_eq!(scopes, ["ip:203.0.113.9", "auth:b937a6fd6074f365"]);
    for scope in attempt(9, "Bearer x").scopes() {
        assert_eq!(scope.to_string().parse::<BackoffScope>().ok(), Some(scope));
    }
    assert!(["", "ip:", "ip:x", "auth:zz", "org:1", "ip"].iter().all(|text| text.parse::<BackoffScope>().is_err()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_on_all_nodes_count_together_and_all_nodes_learn() {
    let (_database, store) = TestDatabase::migrated().await;
    let nodes = [0, 1, 2].map(|_| AuthBackoff::start(RULE, store.clone()));
    // The same credential from other addresses, and other credentials from the same address.
    for (node, attempt) in [(0, attempt(1, "a")), (1, attempt(1, "b")), (0, attempt(1, "c")), (1, attempt(1, "d"))] {
        fail(&nodes[node], attempt).await;
    }
    let waits = |node: &AuthBackoff, last, credential| node.check(attempt(last, credential), Clock.instant()).is_err();
    assert!(waits(&nodes[1], 1, "good"), "the node that saw the last one knows at once, and so do good credentials");
    assert!(!waits(&nodes[1], 2, "a"));
    for (node, last) in [(0, 2), (1, 3), (0, 4)] {
        fail(&nodes[node], attempt(last, "a")).await;
    }
    assert!(waits(&nodes[0], 5, "a") && !waits(&nodes[0], 5, "b"), "a credential waits from wherever it is shown");
    let deadline = Clock.instant() + Duration::from_secs(30);
    while !nodes.iter().all(|node| waits(node, 1, "good") && waits(node, 5, "a")) {
        assert!(Clock.instant() < deadline, "some node never learnt who has to wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let late = AuthBackoff::start(RULE, store);
    while !(waits(&late, 1, "good") && waits(&late, 5, "a")) {
        assert!(Clock.instant() < deadline, "a node that starts later never learnt who has to wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_a_node_counts_by_itself() {
    let (_database, store) = TestDatabase::migrated().await;
    let node = AuthBackoff::start(RULE, store.clone());
    store.close().await;
    for _ in 0..4 {
        fail(&node, attempt(1, "a")).await;
    }
    let Err(limited) = node.check(attempt(1, "b"), Clock.instant()) else { panic!("it should wait") };
    assert!(limited.retry_after <= RULE.wait && limited.retry_after > RULE.wait / 2, "{limited:?}");
}
