//! Browsers that are signed in: their rows, and how they are ended (contract 00 §3.6).

use super::revocation::{Revocation, Revoked, record_revocation};
use crate::{Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::{AuditAction, AuditActor, AuditRow, AuditTarget},
    ids::{BrowserSessionId, OrgId, TokenId, UserId},
    principal::AuthSource,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::{net::IpAddr, time::Duration};

/// A browser to be remembered. No `Debug`: the hash of its secret concerns nobody.
pub struct NewBrowserSession {
    /// What its cookie names.
    pub id: BrowserSessionId,
    /// Of the cookie's secret, keyed.
    pub hash: [u8; 32],
    /// Whose it is.
    pub org: OrgId,
    /// Who signed in.
    pub account: UserId,
    /// How they had proved who they are.
    pub source: AuthSource,
    /// The token that it was made from, if it was: the session ends with it.
    pub token: Option<TokenId>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// Not used for this long ends it.
    pub idle: Duration,
    /// And at this time it ends in any case.
    pub expires_at: Timestamp,
}

/// A browser that is signed in, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSessionRow {
    /// What its cookie names.
    pub id: BrowserSessionId,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Where it came from when it signed in.
    pub address: Option<String>,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was used last, within some seconds.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used: at the end of its idle time, or of its life.
    pub expires_at: Timestamp,
}

impl Store {
    /// Remembers a browser that signed in, with the audit row that says so.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn create_browser_session(&self, session: &NewBrowserSession, by: &AuditActor, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        // Its times are the database's: it is the database that tells when the session is over.
        sqlx::query!(
            "insert into browser_sessions (id, hash, org, account, auth_source, api_token, user_agent, address, idle_ms, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            session.id.as_uuid(),
            &session.hash,
            session.org.as_str(),
            session.account.as_str(),
            session.source.as_str(),
            session.token.as_ref().map(TokenId::as_str),
            session.user_agent,
            session.address.map(|address| address.to_string()),
            i64::try_from(session.idle.as_millis()).unwrap_or(i64::MAX),
            instant(session.expires_at)
        )
        .execute(&mut *tx)
        .await?;
        let metadata = json!({ "method": session.source.as_str(), "result": "success" });
        write_audit(&mut tx, &[audit_row(&session.org, by, session.id, AuditAction::AuthSignIn, metadata, at)]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The browsers in which an account is signed in, the last used first; at most 500.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn browser_sessions_of(&self, org: &OrgId, account: &UserId) -> Result<Vec<BrowserSessionRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select id, user_agent, address, created_at, last_seen_at,
                      least(expires_at, last_seen_at + make_interval(secs => idle_ms / 1000.0)) as "ends_at!"
                 from browser_sessions
                where org = $1 and account = $2 and revoked_at is null and expires_at > now()
                  and last_seen_at + make_interval(secs => idle_ms / 1000.0) > now()
                order by last_seen_at desc, id limit 500"#,
            org.as_str(),
            account.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| BrowserSessionRow {
            id: BrowserSessionId::from_uuid(row.id),
            user_agent: row.user_agent,
            address: row.address,
            created_at: row.created_at.into(),
            last_seen_at: row.last_seen_at.into(),
            expires_at: row.ends_at.into(),
        });
        Ok(read.collect())
    }

    /// Signs an account out of one browser, at once and everywhere, and says whether it was signed in there. `action` tells
    /// whether it did so itself or from elsewhere.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn end_browser_session(
        &self,
        org: &OrgId,
        account: &UserId,
        session: BrowserSessionId,
        action: AuditAction,
        by: &AuditActor,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        let ended = sqlx::query!(
            "update browser_sessions set revoked_at = $4 where id = $1 and org = $2 and account = $3 and revoked_at is null",
            session.as_uuid(),
            org.as_str(),
            account.as_str(),
            instant(at)
        )
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        write_audit(&mut tx, &[audit_row(org, by, session, action, json!({}), at)]).await?;
        record_revocation(&mut tx, &Revocation { org: org.clone(), what: Revoked::Session(session) }).await?;
        tx.commit().await?;
        self.announce_revocations().await;
        Ok(true)
    }

    /// Signs an account out of all its browsers, and says of which. `reason` says why, in the audit log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn end_browser_sessions_of(
        &self,
        org: &OrgId,
        account: &UserId,
        by: &AuditActor,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<BrowserSessionId>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let ended = end_sessions_of(&mut tx, org, account, by, reason, at).await?;
        for session in &ended {
            record_revocation(&mut tx, &Revocation { org: org.clone(), what: Revoked::Session(*session) }).await?;
        }
        tx.commit().await?;
        if !ended.is_empty() {
            self.announce_revocations().await;
        }
        Ok(ended)
    }

    /// Forgets browser sessions that ended a month ago: until then their browsers are told what became of them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_browser_sessions(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!("delete from browser_sessions where expires_at < now() - interval '30 days'").execute(&self.pool).await?;
        Ok(swept.rows_affected())
    }
}

/// Ends all browser sessions of an account within the caller's transaction, with an audit row for each; says which. The
/// caller ends its transaction with [`record_revocation`], of the account or of each session, and announces that.
pub(crate) async fn end_sessions_of(
    tx: &mut PgConnection,
    org: &OrgId,
    account: &UserId,
    by: &AuditActor,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<BrowserSessionId>, StoreError> {
    let ended = sqlx::query_scalar!(
        "update browser_sessions set revoked_at = $3
          where org = $1 and account = $2 and revoked_at is null and expires_at > now() returning id",
        org.as_str(),
        account.as_str(),
        instant(at)
    )
    .fetch_all(&mut *tx)
    .await?;
    let ended: Vec<BrowserSessionId> = ended.into_iter().map(BrowserSessionId::from_uuid).collect();
    let row = |session: &BrowserSessionId| audit_row(org, by, *session, AuditAction::AuthSessionRevoked, json!({ "reason": reason }), at);
    write_audit(tx, &ended.iter().map(row).collect::<Vec<_>>()).await?;
    Ok(ended)
}

/// A session begins once and ends once, so it is its own cause.
fn audit_row(org: &OrgId, by: &AuditActor, session: BrowserSessionId, action: AuditAction, metadata: Value, at: Timestamp) -> AuditRow {
    let id = session.to_string();
    AuditRow::by_actor(org, by.clone(), &id, action, &AuditTarget::new("browser_session", &id), metadata, at)
}
