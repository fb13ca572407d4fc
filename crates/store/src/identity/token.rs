//! API tokens: their rows, and what is done to them (contract 02 §3).

use super::revocation::{Revocation, Revoked, record_revocation};
use crate::{Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::{AuditAction, AuditActor, AuditRow, AuditTarget},
    ids::{OrgId, TokenId, UserId},
    policy::{Scope, Scopes},
    timestamp::Timestamp,
};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A token as stored. The hash of its secret stays in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// Its public part.
    pub id: TokenId,
    /// Whose it is.
    pub org: OrgId,
    /// The account that it acts as.
    pub account: UserId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// The last characters of the whole token, to recognise it by.
    pub last4: String,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// When somebody took it back.
    pub revoked_at: Option<Timestamp>,
    /// When it was shown last, within some seconds.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// The channel bindings that it may serve, sorted.
    pub channel_bindings: Vec<String>,
}

/// A token to be stored. No `Debug`: the hash of its secret concerns nobody.
pub struct NewApiToken {
    /// Its public part.
    pub id: TokenId,
    /// Whose it is.
    pub org: OrgId,
    /// The account that it acts as.
    pub account: UserId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// Of its secret.
    pub hash: [u8; 32],
    /// The last characters of the whole token.
    pub last4: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The channel bindings that it may serve.
    pub channel_bindings: Vec<String>,
}

/// A channel binding that a token may serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// When that was granted first.
    pub created_at: Timestamp,
    /// The token as it is now.
    pub token: ApiTokenRow,
}

struct Stored {
    id: String,
    account: String,
    name: String,
    scopes: Vec<String>,
    last4: String,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    bindings: Vec<String>,
}

impl Stored {
    fn of(self, org: &OrgId) -> ApiTokenRow {
        ApiTokenRow {
            id: TokenId::new(self.id),
            org: org.clone(),
            account: UserId::new(self.account),
            name: self.name,
            scopes: self.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
            last4: self.last4,
            expires_at: self.expires_at.map(Into::into),
            revoked_at: self.revoked_at.map(Into::into),
            last_used_at: self.last_used_at.map(Into::into),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            channel_bindings: self.bindings,
        }
    }
}

/// Why a token was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIssued {
    /// A channel binding that the organisation doesn't have.
    #[error("the organisation has no such channel binding")]
    UnknownBinding,
    /// The account takes no part in the organisation.
    #[error("the account has no active membership in the organisation")]
    NoMember,
}

impl Store {
    /// Stores a new token and its audit row.
    ///
    /// Whoever is removed at the same moment gets none: the membership is looked at under a lock that a removal waits for, or
    /// has waited for.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn create_api_token(
        &self,
        token: &NewApiToken,
        by: &AuditActor,
        at: Timestamp,
    ) -> Result<Result<ApiTokenRow, NotIssued>, StoreError> {
        let mut tx = self.pool.begin().await?;
        for binding in &token.channel_bindings {
            if !has_binding(&mut tx, &token.org, binding).await? {
                return Ok(Err(NotIssued::UnknownBinding));
            }
        }
        let issuer = sqlx::query_scalar!(
            r#"select 1 as "one!" from memberships where org = $1 and account = $2 and status = 'active' for share"#,
            token.org.as_str(),
            token.account.as_str()
        );
        if issuer.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(Err(NotIssued::NoMember));
        }
        let scopes: Vec<&str> = token.scopes.iter().map(Scope::as_str).collect();
        sqlx::query!(
            "insert into api_tokens (id, org, account, name, scopes, hash, last4, expires_at, created_at, updated_at)
             values ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9, $9)",
            token.id.as_str(),
            token.org.as_str(),
            token.account.as_str(),
            token.name,
            &scopes as &[&str],
            &token.hash,
            token.last4,
            instant(token.expires_at),
            instant(at)
        )
        .execute(&mut *tx)
        .await?;
        let metadata = json!({ "name": token.name, "scopes": scopes.join(" "), "last4": token.last4 });
        let mut rows = vec![audit_row(&token.org, by, &token.id, token.id.as_str(), AuditAction::ApiTokenCreated, metadata, at)];
        for binding in &token.channel_bindings {
            insert_grant(&mut tx, &token.org, &token.id, binding, at).await?;
            rows.push(granted(&token.org, by, &token.id, binding, at));
        }
        write_audit(&mut tx, &rows).await?;
        let stored = find(&mut tx, &token.org, &token.id).await?;
        tx.commit().await?;
        let stored = stored.ok_or_else(|| StoreError::inconsistent("api_tokens", &token.id, "it vanished while it was made"))?;
        Ok(Ok(stored))
    }

    /// The newest tokens of an organisation, revoked ones included.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn api_tokens(&self, org: &OrgId, limit: u32) -> Result<Vec<ApiTokenRow>, StoreError> {
        let rows = sqlx::query_as!(
            Stored,
            r#"select id, account, name, scopes, last4, expires_at, revoked_at, last_used_at, created_at, updated_at,
                      array(select b.channel_binding from api_token_bindings b where b.token = t.id and b.org = t.org
                             order by b.channel_binding collate "C") as "bindings!"
                 from api_tokens t where org = $1 order by created_at desc, id limit $2"#,
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row.of(org)).collect())
    }

    /// One token of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn api_token(&self, org: &OrgId, id: &TokenId) -> Result<Option<ApiTokenRow>, StoreError> {
        find(&mut *self.pool.acquire().await?, org, id).await
    }

    /// Takes a token back, everywhere and at once; what is open with it ends. A second time only tells so. None when the
    /// organisation has no such token.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn revoke_api_token(
        &self,
        org: &OrgId,
        id: &TokenId,
        by: &AuditActor,
        at: Timestamp,
    ) -> Result<Option<ApiTokenRow>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let was_live = sqlx::query_scalar!(
            r#"select revoked_at is null as "live!" from api_tokens where org = $1 and id = $2 for update"#,
            org.as_str(),
            id.as_str()
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(was_live) = was_live else { return Ok(None) };
        sqlx::query!(
            "update api_tokens set revoked_at = coalesce(revoked_at, $3), updated_at = $3 where org = $1 and id = $2",
            org.as_str(),
            id.as_str(),
            instant(at)
        )
        .execute(&mut *tx)
        .await?;
        let stored = find(&mut tx, org, id).await?;
        if was_live {
            let row = audit_row(org, by, id, id.as_str(), AuditAction::ApiTokenRevoked, json!({}), at);
            write_audit(&mut tx, &[row]).await?;
            record_revocation(&mut tx, &Revocation { org: org.clone(), what: Revoked::Token(id.clone()) }).await?;
        }
        tx.commit().await?;
        if was_live {
            self.announce_revocations().await;
        }
        Ok(stored)
    }

    /// Takes every token of an account back, and says which.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn revoke_api_tokens_of(
        &self,
        org: &OrgId,
        account: &UserId,
        by: &AuditActor,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<TokenId>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let revoked = revoke_tokens_of(&mut tx, org, account, by, reason, at).await?;
        for token in &revoked {
            record_revocation(&mut tx, &Revocation { org: org.clone(), what: Revoked::Token(token.clone()) }).await?;
        }
        tx.commit().await?;
        if !revoked.is_empty() {
            self.announce_revocations().await;
        }
        Ok(revoked)
    }

    /// Lets a token serve a channel binding; a second time changes nothing. None when the organisation has no such token or no
    /// such binding. Whether the token's scopes allow it is the caller's to ask.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn grant_channel_binding(
        &self,
        org: &OrgId,
        token: &TokenId,
        binding: &str,
        by: &AuditActor,
        at: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        let mut tx = self.pool.begin().await?;
        if find(&mut tx, org, token).await?.is_none() || !has_binding(&mut tx, org, binding).await? {
            return Ok(None);
        }
        let created_at = insert_grant(&mut tx, org, token, binding, at).await?;
        write_audit(&mut tx, &[granted(org, by, token, binding, at)]).await?;
        let stored = find(&mut tx, org, token).await?;
        tx.commit().await?;
        Ok(stored.map(|token| Grant { created_at, token }))
    }
}

/// Takes every token of an account back within the caller's transaction, with an audit row for each; says which. The caller
/// ends its transaction with [`record_revocation`], of the account or of each token, and announces that.
pub(crate) async fn revoke_tokens_of(
    tx: &mut PgConnection,
    org: &OrgId,
    account: &UserId,
    by: &AuditActor,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<TokenId>, StoreError> {
    let revoked = sqlx::query_scalar!(
        "update api_tokens set revoked_at = $3, updated_at = $3 where org = $1 and account = $2 and revoked_at is null returning id",
        org.as_str(),
        account.as_str(),
        instant(at)
    )
    .fetch_all(&mut *tx)
    .await?;
    let revoked: Vec<TokenId> = revoked.into_iter().map(TokenId::new).collect();
    let row = |id: &TokenId| audit_row(org, by, id, id.as_str(), AuditAction::ApiTokenRevoked, json!({ "reason": reason }), at);
    write_audit(tx, &revoked.iter().map(row).collect::<Vec<_>>()).await?;
    Ok(revoked)
}

async fn find(tx: &mut PgConnection, org: &OrgId, id: &TokenId) -> Result<Option<ApiTokenRow>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        r#"select id, account, name, scopes, last4, expires_at, revoked_at, last_used_at, created_at, updated_at,
                  array(select b.channel_binding from api_token_bindings b where b.token = t.id and b.org = t.org
                         order by b.channel_binding collate "C") as "bindings!"
             from api_tokens t where org = $1 and id = $2"#,
        org.as_str(),
        id.as_str()
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| row.of(org)))
}

async fn has_binding(tx: &mut PgConnection, org: &OrgId, binding: &str) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from channel_bindings where org = $1 and id = $2) as "found!""#,
        org.as_str(),
        binding
    );
    Ok(found.fetch_one(tx).await?)
}

/// Says when it was granted first.
async fn insert_grant(tx: &mut PgConnection, org: &OrgId, token: &TokenId, binding: &str, at: Timestamp) -> Result<Timestamp, StoreError> {
    // The conflicting row is touched so that it is returned.
    let created_at = sqlx::query_scalar!(
        "insert into api_token_bindings (token, org, channel_binding, created_at) values ($1, $2, $3, $4)
         on conflict (token, channel_binding) do update set org = excluded.org returning created_at",
        token.as_str(),
        org.as_str(),
        binding,
        instant(at)
    )
    .fetch_one(tx)
    .await?;
    Ok(created_at.into())
}

fn granted(org: &OrgId, by: &AuditActor, token: &TokenId, binding: &str, at: Timestamp) -> AuditRow {
    let metadata = json!({ "channelBindingId": binding });
    audit_row(org, by, token, binding, AuditAction::ApiTokenChannelBindingGranted, metadata, at)
}

fn audit_row(
    org: &OrgId,
    by: &AuditActor,
    token: &TokenId,
    cause: &str,
    action: AuditAction,
    metadata: serde_json::Value,
    at: Timestamp,
) -> AuditRow {
    AuditRow::by_actor(org, by.clone(), cause, action, &AuditTarget::new("api_token", token.as_str()), metadata, at)
}
