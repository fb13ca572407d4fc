//! The configuration of one organisation's single sign-on.

use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::OrgId,
    principal::Principal,
    sso::{SsoConfig, SsoEdit, SsoProtocol, SsoText},
    timestamp::Timestamp,
};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

/// A configuration as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoRow {
    /// What it says.
    pub config: SsoConfig,
    /// What a domain's owner publishes to prove it.
    pub verification_token: String,
    /// Whether a directory has a token.
    pub has_scim_token: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// The configuration of an organisation, if there is one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn sso(&self, org: &OrgId) -> Result<Option<SsoRow>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, org).await
    }

    /// Changes an organisation's configuration, or makes it. `verification_token` is for one that is made; `cause` names the
    /// request in the audit log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_sso(
        &self,
        by: &Principal,
        edit: &SsoEdit,
        verification_token: &str,
        cause: &str,
        at: Timestamp,
    ) -> Result<SsoRow, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        // Whoever changes it at the same time waits here, also for a row that is not there yet.
        sqlx::query!("select org from orgs where org = $1 for no key update", org.as_str()).fetch_one(&mut *transaction).await?;
        let before = read(&mut transaction, org).await?;
        let action = if before.is_some() { AuditAction::SsoConfigUpdated } else { AuditAction::SsoConfigCreated };
        let config = edit.apply(before.map(|row| row.config).unwrap_or_default());
        write(&mut transaction, org, &config, verification_token).await?;
        let metadata = json!({ "protocol": config.protocol.as_str(), "enabled": config.enabled, "enforced": config.enforced,
            "scimEnabled": config.scim_enabled });
        let row = AuditRow::by(by, cause, action, &AuditTarget::new("sso_config", org.as_str()), metadata, at);
        write_audit(&mut transaction, &[row]).await?;
        let row = read(&mut transaction, org).await?.ok_or_else(|| StoreError::inconsistent("sso_configs", org, "it was just written"))?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Forgets an organisation's configuration and its directory's token. `false`: there was none.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn delete_sso(&self, by: &Principal, cause: &str, at: Timestamp) -> Result<bool, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        let deleted = sqlx::query!("delete from sso_configs where org = $1", org.as_str()).execute(&mut *transaction).await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        let target = AuditTarget::new("sso_config", org.as_str());
        let metadata = json!({ "requestedBy": by.account_id });
        let row = AuditRow::by_system(org, "sso_config.delete", cause, AuditAction::SsoConfigDeleted, &target, metadata, at);
        write_audit(&mut transaction, &[row]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// With SCIM off, the directory's token is forgotten: it must not live again when SCIM is turned on for another directory.
async fn write(connection: &mut PgConnection, org: &OrgId, config: &SsoConfig, verification_token: &str) -> Result<(), StoreError> {
    let texts: Map<String, Value> = config.texts.iter().map(|(text, value)| (text.as_str().to_owned(), value.as_str().into())).collect();
    sqlx::query!(
        "insert into sso_configs (org, protocol, enabled, enforced, verified_domains, texts, scim_enabled, verification_token)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (org) do update set protocol = $2, enabled = $3, enforced = $4, verified_domains = $5, texts = $6, scim_enabled = $7,
                scim_token_hash = case when $7 then sso_configs.scim_token_hash end, updated_at = now()",
        org.as_str(),
        config.protocol.as_str(),
        config.enabled,
        config.enforced,
        &config.verified_domains,
        Value::Object(texts),
        config.scim_enabled,
        verification_token
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn read(connection: &mut PgConnection, org: &OrgId) -> Result<Option<SsoRow>, StoreError> {
    let row = sqlx::query!(
        r#"select protocol, enabled, enforced, verified_domains, texts, scim_enabled, verification_token,
                  scim_token_hash is not null as "has_scim_token!", created_at, updated_at
             from sso_configs where org = $1"#,
        org.as_str()
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let wrong = |what: &str| StoreError::inconsistent("sso_configs", org, what);
    let text_of = |text: &SsoText| row.texts.get(text.as_str()).and_then(Value::as_str).map(|value| (*text, value.to_owned()));
    Ok(Some(SsoRow {
        config: SsoConfig {
            protocol: SsoProtocol::parse(&row.protocol).ok_or_else(|| wrong("unknown protocol"))?,
            enabled: row.enabled,
            enforced: row.enforced,
            verified_domains: row.verified_domains,
            texts: SsoText::ALL.iter().filter_map(text_of).collect(),
            scim_enabled: row.scim_enabled,
        },
        verification_token: row.verification_token,
        has_scim_token: row.has_scim_token,
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
    }))
}
