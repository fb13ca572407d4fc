use crate::story::fresh;
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    principal::{AuthSource, Principal, Role},
};
use cowork_store::{IdempotencyClaim, test_database::TestDatabase};
use std::time::Duration;

#[tokio::test]
async fn the_stored_membership_counts_not_the_credential() {
    let (database, store) = TestDatabase::migrated().await;
    let mut principal = Principal {
        tenant_id: TenantId::new("t"),
        org_id: OrgId::new("o"),
        tenant_name: "Acme".to_owned(),
        user_id: UserId::new("u"),
        account_id: UserId::new("u"),
        email: "u@example.test".to_owned(),
        role: Role::Member,
        auth_source: AuthSource::Header,
    };
    let (first, second) = tokio::join!(store.ensure_principal(&principal), store.ensure_principal(&principal));
    assert_eq!(first.unwrap(), second.unwrap());

    principal.role = Role::Owner;
    let membership = store.ensure_principal(&principal).await.unwrap();
    assert_eq!(
        (membership.role, membership.active, membership.org_active, membership.org_name.as_str()),
        (Role::Member, true, true, "Acme")
    );

    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    sqlx::raw_sql("update memberships set status = 'disabled'; update orgs set status = 'suspended'").execute(&pool).await.unwrap();
    let membership = store.ensure_principal(&principal).await.unwrap();
    assert_eq!((membership.active, membership.org_active), (false, false));

    principal.tenant_id = TenantId::new("other");
    assert!(store.ensure_principal(&principal).await.is_err(), "an org belongs to one tenant");
}

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
