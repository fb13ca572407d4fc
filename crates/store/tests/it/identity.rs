use cowork_domain::{
    audit::AuditActor,
    ids::{OrgId, TenantId, TokenId, UserId},
    policy::{Permission, Scope},
    principal::{AuthSource, Principal, Role},
    signup::MemberStatus,
    timestamp::Timestamp,
};
use cowork_store::{CredentialState, Joined, Key, NewApiToken, OrgStatus, Revoked, Store, test_database::TestDatabase};

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

async fn issue(store: &Store, id: &str, account: &str) {
    let token = NewApiToken {
        id: TokenId::new(id),
        org: OrgId::new("acme"),
        account: UserId::new(account),
        name: id.to_owned(),
        scopes: [Scope::Desktop].into_iter().collect(),
        hash: [7; 32],
        last4: "aaaa".to_owned(),
        expires_at: Timestamp::parse("2999-01-01T00:00:00Z").unwrap(),
        channel_bindings: Vec::new(),
    };
    let made = store.create_api_token(&token, &AuditActor::system("test"), Timestamp::from_millis(1000)).await.unwrap();
    assert_eq!(made.map(|row| row.id), Ok(TokenId::new(id)));
}

#[tokio::test]
async fn the_tokens_of_one_account_fall_together_each_told_once() {
    let (_database, store) = TestDatabase::migrated().await;
    for account in ["kim", "lee"] {
        store.join(&kim(account)).await.unwrap();
    }
    for (id, account) in [("tok_1", "kim"), ("tok_2", "kim"), ("tok_3", "lee")] {
        issue(&store, id, account).await;
    }
    let (org, by, at) = (OrgId::new("acme"), AuditActor::system("test"), Timestamp::from_millis(2000));
    let before = store.last_revocation().await.unwrap();
    let alone = store.revoke_api_token(&org, &TokenId::new("tok_1"), &by, at).await.unwrap().unwrap();
    assert_eq!(alone.revoked_at, Some(at));
    let revoke = async || store.revoke_api_tokens_of(&org, &UserId::new("kim"), &by, "role_downgraded", at).await.unwrap();
    assert_eq!(revoke().await, [TokenId::new("tok_2")]);
    assert_eq!(revoke().await, [], "once");
    let told = store.revocations_after(before).await.unwrap();
    let told: Vec<_> = told.into_iter().map(|(number, revocation)| (number - before, revocation.what)).collect();
    assert_eq!(told, [(1, Revoked::Token(TokenId::new("tok_1"))), (2, Revoked::Token(TokenId::new("tok_2")))]);
    let live: Vec<_> =
        store.api_tokens(&org, 10).await.unwrap().into_iter().filter(|row| row.revoked_at.is_none()).map(|row| row.id).collect();
    assert_eq!(live, [TokenId::new("tok_3")]);
    assert_eq!(store.revoke_api_token(&OrgId::new("globex"), &TokenId::new("tok_3"), &by, at).await.unwrap(), None);
}

#[tokio::test]
async fn noting_a_use_never_waits_for_whoever_changes_the_token() {
    let (database, store) = TestDatabase::migrated().await;
    store.join(&kim("kim")).await.unwrap();
    for id in ["tok_free", "tok_busy"] {
        issue(&store, id, "kim").await;
    }
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let mut busy = pool.begin().await.unwrap();
    sqlx::raw_sql("update api_tokens set name = 'changing' where id = 'tok_busy'").execute(&mut *busy).await.unwrap();
    let both = ["tok_free", "tok_busy"].map(TokenId::new);
    store.note_use(&both, &[]).await.unwrap();
    let used = async |id: &str| store.api_token(&OrgId::new("acme"), &TokenId::new(id)).await.unwrap().unwrap().last_used_at.is_some();
    assert!(used("tok_free").await && !used("tok_busy").await);
    busy.rollback().await.unwrap();
    store.note_use(&both, &[]).await.unwrap();
    assert!(used("tok_busy").await);
}
