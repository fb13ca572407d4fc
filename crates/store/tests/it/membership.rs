use cowork_domain::{
    custom_role::{CustomRoleChange, NewCustomRole, RoleKey},
    ids::{OrgId, TenantId, UserId},
    membership::{Invitee, MemberChange, MembershipRefused},
    org::{OrgOrder, OrgStatus},
    policy::Permission,
    principal::{AuthSource, Principal, Role},
    signup::{MemberStatus, SignupMode},
    timestamp::Timestamp,
};
use cowork_store::{AcceptError, CustomRoleError, Mandate, MemberError, Revocation, Revoked, Store, test_database::TestDatabase};

fn acme() -> OrgId {
    OrgId::new("acme")
}

fn person(account: &str, role: Role) -> Principal {
    Principal {
        tenant_id: TenantId::new("acme"),
        org_id: acme(),
        tenant_name: "Acme".to_owned(),
        user_id: UserId::new(account),
        account_id: UserId::new(account),
        email: format!("{account}@acme.example"),
        role,
        auth_source: AuthSource::Header,
    }
}

fn by(account: &str, cause: &str) -> Mandate {
    Mandate::of(&person(account, Role::Owner), cause.to_owned(), now())
}

fn operator(cause: &str) -> Mandate {
    Mandate::operator("cli", cause.to_owned(), now())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000)
}

fn disable(account: &str) -> MemberChange {
    MemberChange { role: None, status: Some(MemberStatus::Disabled), confirm: Some(account.to_owned()) }
}

fn demote() -> MemberChange {
    MemberChange { role: Some(Role::Member), ..MemberChange::default() }
}

async fn with(people: &[(&str, Role)]) -> (TestDatabase, Store) {
    let (database, store) = TestDatabase::migrated().await;
    for (account, role) in people {
        store.join(&person(account, *role)).await.unwrap();
    }
    (database, store)
}

async fn revoked(store: &Store) -> Vec<Revoked> {
    store.revocations_after(0).await.unwrap().into_iter().map(|(_, Revocation { what, .. })| what).collect()
}

#[tokio::test]
async fn two_who_remove_each_other_at_the_same_time_do_not_both_succeed() {
    for round in 0..4 {
        let (_database, store) = with(&[("a", Role::Owner), ("b", Role::Owner)]).await;
        let (a, b) = (UserId::new("a"), UserId::new("b"));
        let (disables_b, disables_a, demotes) = (disable("b"), disable("a"), demote());
        let org = acme();
        let (by_a, by_b) = (by("a", "1"), by("b", "2"));
        let (first, second) = if round % 2 == 0 {
            tokio::join!(store.change_member(&org, &b, &disables_b, &by_a), store.change_member(&org, &a, &disables_a, &by_b))
        } else {
            tokio::join!(store.change_member(&org, &b, &demotes, &by_a), store.change_member(&org, &a, &demotes, &by_b))
        };
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let refused = first.err().or(second.err()).unwrap();
        assert!(matches!(refused, MemberError::Refused(MembershipRefused::NotPermitted)), "{refused:?}");
    }
}

#[tokio::test]
async fn whoever_loses_something_loses_tokens_and_streams_and_nobody_else_does() {
    let (database, store) = with(&[("o", Role::Owner), ("kim", Role::Admin), ("lee", Role::Member)]).await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let tokens = "insert into api_tokens (id, org, account, name, scopes, hash, last4) select 't' || a, 'acme', a, a, '{desktop}',
        decode(repeat('01', 32), 'hex'), 'aaaa' from unnest('{kim,lee}'::text[]) a";
    sqlx::raw_sql(tokens).execute(&pool).await.unwrap();
    let (kim, lee) = (UserId::new("kim"), UserId::new("lee"));
    store.change_member(&acme(), &lee, &MemberChange { role: Some(Role::Admin), ..MemberChange::default() }, &by("o", "1")).await.unwrap();
    assert_eq!(revoked(&store).await, [], "a promotion takes nothing");
    let demoted = store.change_member(&acme(), &kim, &demote(), &by("o", "2")).await.unwrap();
    assert_eq!((demoted.role, demoted.status), (Role::Member, MemberStatus::Active));
    assert_eq!(revoked(&store).await, [Revoked::Account(kim.clone())]);
    let live: Vec<String> = sqlx::query_scalar("select id from api_tokens where revoked_at is null").fetch_all(&pool).await.unwrap();
    assert_eq!(live, ["tlee"]);
    let audited: Vec<(String, String, String)> =
        sqlx::query_as("select event_type, target_id, coalesce(metadata->>'reason', metadata->>'role') from audit_events where account_id = 'o' and event_type <> 'org.created' order by created_at, event_type, target_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let audited: Vec<_> = audited.iter().map(|(kind, target, what)| (kind.as_str(), target.as_str(), what.as_str())).collect();
    assert!(audited.contains(&("api_token.revoked", "tkim", "member_role_downgraded")), "{audited:?}");
    assert!(audited.contains(&("membership.updated", "acme:kim", "member")), "{audited:?}");
}

#[tokio::test]
async fn a_custom_role_is_taken_back_from_all_its_holders() {
    let (_database, store) = with(&[("o", Role::Owner), ("kim", Role::Admin), ("lee", Role::Admin)]).await;
    let role = NewCustomRole {
        key: RoleKey::parse("auditor").unwrap(),
        name: "Auditor".to_owned(),
        description: None,
        base_role: Role::Member,
        permissions: [Permission::AuditRead, Permission::OrgRead].into_iter().collect(),
    };
    store.create_custom_role(&acme(), &role, &by("o", "1")).await.unwrap();
    let again = store.create_custom_role(&acme(), &role, &by("o", "2")).await;
    assert!(matches!(again, Err(CustomRoleError::Exists)), "{again:?}");
    let (kim, lee) = (UserId::new("kim"), UserId::new("lee"));
    let refused = store.assign_role(&acme(), &lee, Some("nobody"), &by("o", "3")).await;
    assert!(matches!(refused, Err(MemberError::RoleNotFound)), "{refused:?}");
    let assigned = store.assign_role(&acme(), &kim, Some("auditor"), &by("o", "4")).await.unwrap();
    assert_eq!(assigned.custom_role_key.as_deref(), Some("auditor"));
    assert_eq!(revoked(&store).await.len(), 1, "an admin lost most of it");

    let shrunk = CustomRoleChange { permissions: Some([Permission::AuditRead].into_iter().collect()), ..CustomRoleChange::default() };
    store.change_custom_role(&acme(), "auditor", &shrunk, &by("o", "5")).await.unwrap();
    assert_eq!(revoked(&store).await.len(), 2);
    let renamed =
        CustomRoleChange { name: Some("Reader".to_owned()), description: Some(Some("x".to_owned())), ..CustomRoleChange::default() };
    let changed = store.change_custom_role(&acme(), "auditor", &renamed, &by("o", "6")).await.unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.description.as_deref(), changed.permissions),
        ("Reader", Some("x"), [Permission::AuditRead].into_iter().collect())
    );
    assert_eq!(revoked(&store).await.len(), 2, "another name takes nothing");
    assert!(store.delete_custom_role(&acme(), "auditor", &by("o", "7")).await.unwrap());
    assert!(!store.delete_custom_role(&acme(), "auditor", &by("o", "8")).await.unwrap());
    assert_eq!(revoked(&store).await.len(), 3);
    assert_eq!(store.member(&acme(), "kim").await.unwrap().unwrap().custom_role_key, None);
}

#[tokio::test]
async fn an_invitation_from_before_a_removal_stays_closed() {
    let (_database, store) = with(&[("o", Role::Owner)]).await;
    let kim = Invitee::new("Kim@acme.example", Role::Admin).unwrap();
    let account = kim.account(&acme());
    let accept = async |sent| store.accept_invite(&acme(), &account, "kim@acme.example", sent, &operator("accept")).await;
    let first = store.invite_member(&acme(), &kim, &by("o", "1")).await.unwrap();
    assert_eq!(accept(first.at).await.unwrap().status, MemberStatus::Active);
    assert_eq!(accept(first.at).await.unwrap().status, MemberStatus::Active, "twice is once");
    store.change_member(&acme(), &account, &disable(account.as_str()), &by("o", "2")).await.unwrap();
    assert!(matches!(accept(first.at).await, Err(AcceptError::Revoked)));
    let second = store.invite_member(&acme(), &kim, &by("o", "3")).await.unwrap();
    assert_eq!((second.member.status, second.member.account_id.clone()), (MemberStatus::Invited, account.clone()));
    assert!(matches!(accept(first.at).await, Err(AcceptError::Revoked)), "it was sent before the removal");
    assert_eq!(accept(second.at).await.unwrap().role, Role::Admin);

    let signed_in = Principal { email: "kim@acme.example".to_owned(), auth_source: AuthSource::User, ..person("k-42", Role::Member) };
    assert_eq!(store.claim_membership(&signed_in, true).await.unwrap(), Some(account.clone()));
    assert_eq!(accept(second.at).await.unwrap().account_id.as_str(), "k-42", "the membership went along");
    let again = store.invite_member(&acme(), &kim, &by("o", "4")).await.unwrap();
    assert_eq!(again.member.account_id.as_str(), "k-42", "one address is one membership");
    let frozen = store.order_org(&acme(), OrgOrder::Freeze, &operator("f")).await.unwrap();
    let own = store.accept_invite(&acme(), &UserId::new("k-42"), "kim@acme.example", again.at, &operator("a")).await;
    assert!(frozen == OrgStatus::Frozen && matches!(own, Err(AcceptError::Org(OrgStatus::Frozen))), "{own:?}");
}

#[tokio::test]
async fn the_mode_of_signing_up_is_noted_once_per_change() {
    let (database, store) = TestDatabase::migrated().await;
    let org = OrgId::new("operators");
    let note = async |mode, cause: &str| store.note_signup_mode(&org, mode, cause, now()).await.unwrap();
    assert_eq!(note(SignupMode::Invite, "1").await, None, "the first start changes nothing");
    assert_eq!(note(SignupMode::Invite, "2").await, None);
    let (one, other) = tokio::join!(note(SignupMode::Open, "3"), note(SignupMode::Open, "4"));
    assert_eq!(one.or(other).as_deref(), Some("invite"));
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar("select metadata->>'to' from audit_events where event_type = 'signup_mode.changed'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows, ["open"]);
}
