use crate::story::fresh;
use cowork_store::{IdempotencyClaim, test_database::TestDatabase};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_equal_requests_at_once_one_is_new_and_its_answer_is_for_all() {
    let (_database, store) = TestDatabase::migrated().await;
    let (scope, hash, hour) = (fresh(), [7; 32], Duration::from_secs(3600));
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.claim_idempotency(scope, hash, fresh(), hour).await.unwrap() })
        })
        .collect();
    let mut minted = Vec::new();
    let mut new = 0;
    for request in requests {
        match request.await.unwrap() {
            IdempotencyClaim::New { minted: id } => {
                new += 1;
                minted.push(id);
            }
            IdempotencyClaim::Known { minted: id, answer: None } => minted.push(id),
            other => panic!("{other:?}"),
        }
    }
    minted.dedup();
    assert_eq!((new, minted.len()), (1, 1));

    store.keep_answer(scope, minted[0], 201, "first").await.unwrap();
    store.keep_answer(scope, minted[0], 500, "second").await.unwrap();
    let again = store.claim_idempotency(scope, hash, fresh(), hour).await.unwrap();
    assert_eq!(again, IdempotencyClaim::Known { minted: minted[0], answer: Some((201, "first".to_owned())) });
    assert_eq!(store.claim_idempotency(scope, [8; 32], fresh(), hour).await.unwrap(), IdempotencyClaim::Mismatch);

    // A claim whose time is over is free for any request, and is swept.
    let brief = fresh();
    store.claim_idempotency(brief, hash, fresh(), Duration::ZERO).await.unwrap();
    let next = fresh();
    assert_eq!(store.claim_idempotency(brief, [9; 32], next, Duration::ZERO).await.unwrap(), IdempotencyClaim::New { minted: next });
    assert_eq!(store.sweep_idempotency().await.unwrap(), 1);
}
