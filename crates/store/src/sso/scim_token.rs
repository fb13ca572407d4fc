//! The one token with which an organisation's directory comes in.

use super::config::{self, SsoRow};
use crate::{OrgStatus, Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{OrgId, TenantId},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::json;

/// A directory that showed a token.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Whose members it manages.
    pub org: OrgId,
    /// Of the organisation.
    pub tenant: TenantId,
    /// Whether the organisation works.
    pub org_status: OrgStatus,
    /// What is stored of the token.
    pub hash: [u8; 32],
}

impl Store {
    /// Gives an organisation's directory a new token and lets it in; the old token ends with that. None: single sign-on is
    /// not configured.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn issue_scim_token(
        &self,
        by: &Principal,
        hash: &[u8; 32],
        cause: &str,
        at: Timestamp,
    ) -> Result<Option<SsoRow>, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "update sso_configs set scim_token_hash = $2, scim_enabled = true, updated_at = now() where org = $1",
            org.as_str(),
            &hash[..]
        )
        .execute(&mut *transaction)
        .await?;
        let Some(row) = config::read(&mut transaction, org).await? else { return Ok(None) };
        let target = AuditTarget::new("sso_config", org.as_str());
        let metadata = json!({ "scimEnabled": true, "scimAccess": "renewed" });
        let audit = AuditRow::by(by, cause, AuditAction::SsoConfigUpdated, &target, metadata, at);
        write_audit(&mut transaction, &[audit]).await?;
        transaction.commit().await?;
        Ok(Some(row))
    }

    /// The directory that this token belongs to, while it is let in. One read of an index.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn directory_of_token(&self, hash: &[u8; 32]) -> Result<Option<Directory>, StoreError> {
        let row = sqlx::query!(
            r#"select s.org, s.scim_token_hash as "hash!", o.tenant, o.status
                 from sso_configs s join orgs o on o.org = s.org
                where s.scim_token_hash = $1 and s.scim_enabled"#,
            &hash[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |what: &str| StoreError::inconsistent("sso_configs", &row.org, what);
        Ok(Some(Directory {
            org_status: OrgStatus::parse(&row.status).ok_or_else(|| wrong("unknown status of an organisation"))?,
            hash: row.hash.try_into().map_err(|_| wrong("a hash of another length"))?,
            tenant: TenantId::new(row.tenant),
            org: OrgId::new(row.org),
        }))
    }
}
