use cowork_domain::{
    ids::{OrgId, TenantId, TokenId, UserId},
    policy::{Permission, Scope},
    principal::{AuthSource, Principal, Role},
    signup::MemberStatus,
};
use cowork_store::{CredentialState, Joined, Key, OrgStatus, test_database::TestDatabase};

fn kim(account: &str) -> Principal {
    Principal {
        tenant_id: TenantId::new("acme"),
        org_id: OrgId::new("acme"),
        tenant_name: "Acme".to_owned(),
        user_id: UserId::new(account),
        account_id: UserId::new(account),
        email: "kim@acme.example".to_owned(),
        role: Role::Member,
        auth_source: AuthSource::User,
    }
}

fn account(account: &str) -> Key {
    Key::Account { org: OrgId::new("acme"), account: UserId::new(account) }
}

#[tokio::test]
async fn the_stored_membership_counts_and_one_statement_answers_for_many() {
    let (database, store) = TestDatabase::migrated().await;
    let newcomer = kim("kim");
    let (first, second) = tokio::join!(store.join(&newcomer), store.join(&newcomer));
    let joined = [first.unwrap(), second.unwrap()];
    assert!(joined.contains(&Joined::Founded) && joined.contains(&Joined::Known), "{joined:?}");
    assert_eq!(store.join(&Principal { role: Role::Owner, ..kim("kim") }).await.unwrap(), Joined::Known, "a claim doesn't promote");
    assert_eq!(
        store.join(&Principal { tenant_id: TenantId::new("evil"), ..kim("eve") }).await.unwrap(),
        Joined::Known,
        "an organisation belongs to one tenant"
    );

    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let rows = "insert into custom_roles (org, role_key, name, base_role, permissions) values ('acme', 'auditor', 'Auditor', 'admin', '{audit:read}');
        insert into api_tokens (id, org, account, name, scopes, hash, last4, expires_at, revoked_at) values
            ('tok_live', 'acme', 'kim', 'a', '{desktop,admin}', decode(repeat('01', 32), 'hex'), 'aaaa', now() + interval '1 day', null),
            ('tok_over', 'acme', 'kim', 'b', '{desktop}', decode(repeat('02', 32), 'hex'), 'bbbb', now() - interval '1 second', null),
            ('tok_gone', 'acme', 'kim', 'c', '{desktop}', decode(repeat('03', 32), 'hex'), 'cccc', null, now());
        update memberships set custom_role = 'auditor' where account = 'kim';";
    sqlx::raw_sql(rows).execute(&pool).await.unwrap();
    let token = |id: &str| Key::Token(TokenId::new(id));
    let found = store
        .look_up(&[token("tok_live"), account("kim"), token("tok_over"), token("tok_none"), account("eve"), token("tok_gone")])
        .await
        .unwrap();
    let states: Vec<_> = found.iter().map(|standing| standing.credential.as_ref().map(|stored| stored.state)).collect();
    assert_eq!(states, [Some(CredentialState::Live), None, Some(CredentialState::Expired), None, None, Some(CredentialState::Revoked)]);
    let live = found[0].credential.as_ref().unwrap();
    assert!(live.hash == [1; 32] && live.scopes.contains(Scope::Admin) && !live.scopes.contains(Scope::Gateway));
    let membership = found[0].membership.as_ref().unwrap();
    assert_eq!(Some(membership), found[1].membership.as_ref(), "a token acts as its issuer");
    assert_eq!((membership.role, membership.status, membership.org_status), (Role::Member, MemberStatus::Active, OrgStatus::Active));
    assert_eq!(membership.permissions, [Permission::AuditRead].into_iter().collect(), "a custom role replaces the built-in one");
    assert!(found[3].membership.is_none() && found[3].org.is_none());
    assert!(found[4].membership.is_none() && found[4].org.is_some(), "the organisation is there without the stranger");

    sqlx::raw_sql("delete from custom_roles; update memberships set status = 'disabled'; update orgs set status = 'frozen'")
        .execute(&pool)
        .await
        .unwrap();
    let membership = store.look_up(&[account("kim")]).await.unwrap().remove(0).membership.unwrap();
    assert_eq!((membership.custom_role, membership.permissions), (None, Role::Member.permissions()), "back to the built-in role");
    assert_eq!((membership.status, membership.org_status), (MemberStatus::Disabled, OrgStatus::Frozen));
}

#[tokio::test]
async fn an_invited_membership_goes_to_whoever_signs_in_with_the_address_and_to_nobody_else() {
    let (database, store) = TestDatabase::migrated().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let rows = "insert into orgs (org, tenant, name) values ('acme', 'acme', 'Acme');
        insert into accounts (tenant, account, user_id, email) values ('acme', 'account_1', 'account_1', 'Kim@acme.example');
        insert into memberships (org, account, role, status) values ('acme', 'account_1', 'admin', 'invited');";
    sqlx::raw_sql(rows).execute(&pool).await.unwrap();
    let lee = Principal { email: "lee@acme.example".to_owned(), ..kim("lee") };
    assert_eq!(store.claim_membership(&lee, true).await.unwrap(), None);
    let elsewhere = Principal { org_id: OrgId::new("globex"), tenant_id: TenantId::new("globex"), ..kim("kim") };
    assert_eq!(store.claim_membership(&elsewhere, true).await.unwrap(), None, "another organisation's directory is no proof here");
    assert_eq!(store.claim_membership(&kim("kim"), true).await.unwrap(), Some(UserId::new("account_1")));
    let membership = store.look_up(&[account("kim")]).await.unwrap().remove(0).membership.unwrap();
    assert_eq!((membership.role, membership.status), (Role::Admin, MemberStatus::Active));
    assert_eq!(store.claim_membership(&kim("kim-again"), true).await.unwrap(), None, "an address is claimed once");
}
