//! The one read of authentication: what is stored about a credential and whoever it belongs to.
//!
//! It is asked strictly, for every request, so that a revocation holds from the next one on (invariant I7). What makes it
//! cheap is that requests which wait at the same time ask together.

use crate::{Store, StoreError};
use cowork_domain::{
    ids::{BrowserSessionId, OrgId, TenantId, TokenId, UserId},
    org::OrgStatus,
    policy::{Permission, Permissions, Scope, Scopes},
    principal::{AuthSource, Role},
    signup::MemberStatus,
    timestamp::Timestamp,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whom to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Whoever issued an API token.
    Token(TokenId),
    /// Whoever is signed in with a browser.
    Session(BrowserSessionId),
    /// Somebody whom a credential without a row names.
    Account {
        /// The organisation.
        org: OrgId,
        /// The account in it.
        account: UserId,
    },
}

/// What is stored. Both parts can be missing.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The row of the token or browser session.
    pub credential: Option<StoredCredential>,
    /// Whom it belongs to.
    pub membership: Option<Membership>,
    /// The organisation's tenant and status, where the organisation exists.
    pub org: Option<(TenantId, OrgStatus)>,
    /// Domains of e-mail addresses whose people the organisation wants to come through its identity provider.
    pub sso_domains: Vec<String>,
}

/// A token or a browser session as stored.
#[derive(Debug, Clone)]
pub struct StoredCredential {
    /// Of the secret part.
    pub hash: [u8; 32],
    /// Whether it still counts.
    pub state: CredentialState,
    /// Of a token.
    pub scopes: Scopes,
    /// How the person of a browser session had signed in; a token is a token.
    pub source: AuthSource,
    /// Whose it is.
    pub org: OrgId,
    /// The account that it acts as.
    pub account: UserId,
    /// When it ends at the latest, if it does.
    pub expires_at: Option<Timestamp>,
}

/// Whether a credential still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// It does.
    Live,
    /// Its time is over.
    Expired,
    /// Somebody took it back.
    Revoked,
}

/// What an account is in its organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Of the organisation.
    pub tenant: TenantId,
    /// The organisation.
    pub org: OrgId,
    /// Its display name.
    pub org_name: String,
    /// Whether it works.
    pub org_status: OrgStatus,
    /// The account.
    pub account: UserId,
    /// The user whose sessions these are.
    pub user: UserId,
    /// E-mail address as stored.
    pub email: String,
    /// The stored role; it counts, not the credential's.
    pub role: Role,
    /// Whether the member takes part.
    pub status: MemberStatus,
    /// The key of the custom role, where one is assigned and exists.
    pub custom_role: Option<String>,
    /// Of the role in force.
    pub permissions: Permissions,
}

/// Keys as the statement takes them: a column for each kind.
struct KeyColumns<'a> {
    tokens: Vec<Option<&'a str>>,
    sessions: Vec<Option<Uuid>>,
    orgs: Vec<Option<&'a str>>,
    accounts: Vec<Option<&'a str>>,
}

impl<'a> KeyColumns<'a> {
    fn of(keys: &'a [Key]) -> Self {
        let count = keys.len();
        let mut columns =
            Self { tokens: vec![None; count], sessions: vec![None; count], orgs: vec![None; count], accounts: vec![None; count] };
        for (index, key) in keys.iter().enumerate() {
            match key {
                Key::Token(token) => columns.tokens[index] = Some(token.as_str()),
                Key::Session(session) => columns.sessions[index] = Some(session.as_uuid()),
                Key::Account { org, account } => {
                    columns.orgs[index] = Some(org.as_str());
                    columns.accounts[index] = Some(account.as_str());
                }
            }
        }
        columns
    }
}

impl Store {
    /// What is stored about each key, in their order. One statement, whatever their number.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn look_up(&self, keys: &[Key]) -> Result<Vec<Standing>, StoreError> {
        self.lookups.run(async |connection| look_up(connection, keys).await).await
    }
}

/// A row of the lookup, whichever way its credential was found.
struct StandingRow {
    n: i64,
    hash: Option<Vec<u8>>,
    is_revoked: bool,
    is_expired: bool,
    expires_at: Option<OffsetDateTime>,
    scopes: Option<Vec<String>>,
    auth_source: Option<String>,
    credential_org: Option<String>,
    credential_account: Option<String>,
    org: Option<String>,
    tenant: Option<String>,
    org_name: Option<String>,
    org_status: Option<String>,
    account: Option<String>,
    role: Option<String>,
    member_status: Option<String>,
    user_id: Option<String>,
    email: Option<String>,
    custom_role: Option<String>,
    permissions: Option<Vec<String>>,
    sso_domains: Option<Vec<String>>,
}

/// The statement: what a credential says, given as a select over the keys, and behind it whom it belongs to.
macro_rules! standings {
    ($credentials:literal, $($parameters:tt)+) => {
        sqlx::query_as!(
            StandingRow,
            r#"select k.n as "n!", k.hash as "hash?", k.is_revoked as "is_revoked!", k.is_expired as "is_expired!", k.expires_at as "expires_at?",
                      k.scopes as "scopes?", k.auth_source as "auth_source?", k.credential_org as "credential_org?",
                      k.credential_account as "credential_account?",
                      o.org as "org?", o.tenant as "tenant?", o.name as "org_name?", o.status as "org_status?",
                      m.account as "account?", m.role as "role?", m.status as "member_status?",
                      a.user_id as "user_id?", a.email as "email?",
                      r.role_key as "custom_role?", r.permissions as "permissions?",
                      i.verified_domains as "sso_domains?"
                 from ("#
                + $credentials
                + r#"
                       -- Keeps the planner from looking through all members of an organisation for the one.
                       offset 0) k
                 left join orgs o on o.org = k.org
                 left join memberships m on m.org = k.org and m.account = k.account
                 left join accounts a on a.tenant = o.tenant and a.account = m.account
                 left join custom_roles r on r.org = m.org and r.role_key = m.custom_role
                 left join sso_configs i on i.org = o.org and i.enabled and i.enforced"#,
            $($parameters)+
        )
    };
}

async fn look_up(connection: &mut PgConnection, keys: &[Key]) -> Result<Vec<Standing>, StoreError> {
    let columns = KeyColumns::of(keys);
    // Where nobody has a credential with a row, a third of the tables stays out of it, and with them half of what it costs.
    let rows = if keys.iter().all(|key| matches!(key, Key::Account { .. })) {
        standings!(
            "select q.n, null::bytea as hash, false as is_revoked, false as is_expired, null::timestamptz as expires_at,
                              null::text[] as scopes, null::text as auth_source,
                              null::text as credential_org, null::text as credential_account, q.org, q.account
                         from unnest($1::text[], $2::text[]) with ordinality as q (org, account, n)",
            &columns.orgs as &[Option<&str>],
            &columns.accounts as &[Option<&str>]
        )
        .fetch_all(connection)
        .await?
    } else {
        standings!(
            "select q.n, coalesce(s.hash, t.hash) as hash,
                              coalesce(t.revoked_at, s.revoked_at) is not null as is_revoked,
                              coalesce(t.expires_at <= now(), false)
                                  or coalesce(s.expires_at <= now() or s.last_seen_at + make_interval(secs => s.idle_ms / 1000.0) <= now(),
                                              false) as is_expired,
                              least(t.expires_at, s.expires_at) as expires_at,
                              case when q.token is not null then t.scopes end as scopes, s.auth_source,
                              coalesce(s.org, t.org) as credential_org, coalesce(s.account, t.account) as credential_account,
                              coalesce(s.org, t.org, q.org) as org, coalesce(s.account, t.account, q.account) as account
                         from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) with ordinality as q (org, account, token, session, n)
                         left join browser_sessions s on s.id = q.session
                         -- The token that was shown, or that the session was made from and ends with.
                         left join api_tokens t on t.id = coalesce(q.token, s.api_token)",
            &columns.orgs as &[Option<&str>],
            &columns.accounts as &[Option<&str>],
            &columns.tokens as &[Option<&str>],
            &columns.sessions as &[Option<Uuid>]
        )
        .fetch_all(connection)
        .await?
    };
    let mut found = vec![Standing::default(); keys.len()];
    for row in rows {
        let wrong = |what: &str| StoreError::inconsistent("memberships", format!("{:?} {:?}", row.org, row.account), what);
        let place = usize::try_from(row.n - 1).ok().and_then(|index| found.get_mut(index));
        let standing = place.ok_or_else(|| wrong("a row that was not asked for"))?;
        if let (Some(hash), Some(org), Some(account)) = (row.hash, row.credential_org, row.credential_account) {
            let state = match (row.is_revoked, row.is_expired) {
                (true, _) => CredentialState::Revoked,
                (false, true) => CredentialState::Expired,
                (false, false) => CredentialState::Live,
            };
            standing.credential = Some(StoredCredential {
                hash: hash.try_into().map_err(|_| wrong("a hash of another length"))?,
                state,
                scopes: row.scopes.unwrap_or_default().iter().filter_map(|scope| Scope::parse(scope)).collect(),
                source: row
                    .auth_source
                    .as_deref()
                    .map_or(Some(AuthSource::ApiToken), AuthSource::parse)
                    .ok_or_else(|| wrong("unknown source"))?,
                org: OrgId::new(org),
                account: UserId::new(account),
                expires_at: row.expires_at.map(Into::into),
            });
        }
        let (Some(org), Some(tenant), Some(org_name), Some(org_status)) = (row.org.as_deref(), row.tenant, row.org_name, row.org_status)
        else {
            continue;
        };
        let org_status = OrgStatus::parse(&org_status).ok_or_else(|| wrong("unknown status of an organisation"))?;
        standing.org = Some((TenantId::new(tenant.as_str()), org_status));
        standing.sso_domains = row.sso_domains.unwrap_or_default();
        let (Some(account), Some(role), Some(status)) = (row.account.as_deref(), row.role, row.member_status) else { continue };
        let role = Role::parse(&role).ok_or_else(|| wrong("unknown role"))?;
        let permissions = row.permissions.map(|names| names.iter().filter_map(|name| Permission::parse(name)).collect());
        standing.membership = Some(Membership {
            tenant: TenantId::new(tenant),
            org: OrgId::new(org),
            org_name,
            org_status,
            account: UserId::new(account),
            user: UserId::new(row.user_id.ok_or_else(|| wrong("a membership without an account"))?),
            email: row.email.unwrap_or_default(),
            role,
            status: MemberStatus::parse(&status).ok_or_else(|| wrong("unknown status of a membership"))?,
            custom_role: row.custom_role,
            permissions: permissions.unwrap_or_else(|| role.permissions()),
        });
    }
    Ok(found)
}
