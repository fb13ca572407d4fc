//! Reading records.

use super::row::{ByokKey, ByokRow, Columns};
use crate::{Store, StoreError};
use cowork_domain::{
    ids::{OrgId, SecretId},
    provider::ProviderId,
};

impl Store {
    /// An organisation's records as people see them: of each provider, or of one, the latest and the one in use. By provider,
    /// the latest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn byok_shown(&self, org: &OrgId, provider: Option<&ProviderId>) -> Result<Vec<ByokRow>, StoreError> {
        let rows = sqlx::query_as!(
            Columns,
            r#"select secret, org, provider, version, status, credential_kind, last4, fingerprint, validation_source, last_validated_at,
                      validation_code, validation_error, rotated_from, created_at, updated_at, check_due_at, check_cause, check_attempts,
                      refusals, last_check_at
                 from byok_secrets b
                where org = $1 and ($2::text is null or provider = $2)
                  and (status = 'active' or version = (select max(version) from byok_secrets l where l.org = b.org and l.provider = b.provider))
                order by provider collate "C", version desc"#,
            org.as_str(),
            provider.map(ProviderId::as_str)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Columns::read).collect()
    }

    /// What runtimes may use now: keys in use that somebody vouched for, the oldest activation first. An organisation that is
    /// stopped has none (requirement R-INC-01).
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn byok_usable(&self, org: &OrgId) -> Result<Vec<ByokRow>, StoreError> {
        let rows = sqlx::query_as!(
            Columns,
            "select secret, org, provider, version, status, credential_kind, last4, fingerprint, validation_source, last_validated_at,
                    validation_code, validation_error, rotated_from, created_at, updated_at, check_due_at, check_cause, check_attempts,
                    refusals, last_check_at
               from byok_secrets
              where org = $1 and status = 'active' and validation_source is not null and last_validated_at is not null
                and exists (select from orgs where orgs.org = $1 and orgs.status in ('active', 'frozen'))
              order by activated_at, secret",
            org.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Columns::read).collect()
    }

    /// Where a usable key itself is; none when it is not usable any more.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn byok_key(&self, org: &OrgId, secret: SecretId) -> Result<Option<(ByokRow, ByokKey)>, StoreError> {
        let Some(row) = self.byok_usable(org).await?.into_iter().find(|row| row.id == secret) else { return Ok(None) };
        let key = key_of(&mut *self.pool.acquire().await?, org, secret).await?;
        Ok(key.map(|key| (row, key)))
    }
}

pub(super) async fn key_of(connection: &mut sqlx::PgConnection, org: &OrgId, secret: SecretId) -> Result<Option<ByokKey>, StoreError> {
    let row =
        sqlx::query!("select sealed, org_key, kms_ref from byok_secrets where org = $1 and secret = $2", org.as_str(), secret.as_uuid())
            .fetch_optional(connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(match (row.sealed, row.org_key, row.kms_ref) {
        (Some(bytes), Some(org_key), _) => Some(ByokKey::Sealed { bytes, org_key: u32::try_from(org_key).unwrap_or(0) }),
        (_, _, Some(reference)) => Some(ByokKey::Reference(reference)),
        _ => None,
    })
}
