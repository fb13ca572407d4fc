//! Saving a key: sealed to the organisation's data key, under a number that is sealed in with it.

use super::{
    locked::{metadata, target},
    row::{ByokKey, ByokRow},
};
use crate::{Mandate, Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::AuditAction,
    byok::{Credential, CredentialKind, KeyMarks},
    ids::{OrgId, SecretId, ShardId},
    provider::ProviderId,
    timestamp::Timestamp,
};
use serde_json::json;
use sqlx::PgTransaction;

/// A key on its way in. Other keys of the organisation wait until it is there or given up.
pub struct ByokSave {
    tx: PgTransaction<'static>,
    org: OrgId,
    provider: ProviderId,
    version: u32,
    shard_count: i32,
    is_rotation: bool,
}

/// What is saved.
#[derive(Debug, Clone)]
pub struct NewByokSecret {
    /// Names it.
    pub id: SecretId,
    /// The key, sealed, or where it is.
    pub key: ByokKey,
    /// The deployment's key that the sealed key needs.
    pub key_id: Option<String>,
    /// What may be shown of it.
    pub marks: KeyMarks,
    /// The account that brings it.
    pub created_by: Option<String>,
}

impl Store {
    /// Begins to save a key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn begin_byok_save(&self, org: &OrgId, provider: &ProviderId) -> Result<ByokSave, StoreError> {
        let mut tx = self.pool.begin().await?;
        // Whoever saves at the same time waits here, also for the first key.
        sqlx::query!("select org from orgs where org = $1 for no key update", org.as_str()).fetch_one(&mut *tx).await?;
        let place = sqlx::query!(
            r#"select coalesce(max(version), 0) + 1 as "version!", coalesce(bool_or(status = 'active'), false) as "is_rotation!",
                      (select shard_count from cluster) as "shard_count!"
                 from byok_secrets where org = $1 and provider = $2"#,
            org.as_str(),
            provider.as_str()
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(ByokSave {
            tx,
            org: org.clone(),
            provider: provider.clone(),
            version: u32::try_from(place.version).map_err(|_| StoreError::inconsistent("byok_secrets", org, "impossible version"))?,
            shard_count: place.shard_count,
            is_rotation: place.is_rotation,
        })
    }
}

impl ByokSave {
    /// The number under which the key is saved.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Saves the key. It is used by nobody before it was validated.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn finish(mut self, secret: NewByokSecret, by: &Mandate, at: Timestamp) -> Result<ByokRow, StoreError> {
        let (kind, sealed, org_key, reference) = match &secret.key {
            ByokKey::Sealed { bytes, org_key } => (CredentialKind::Plaintext, Some(bytes), i32::try_from(*org_key).ok(), None),
            ByokKey::Reference(reference) => (CredentialKind::KmsRef, None, None, Some(reference)),
        };
        let credential = Credential::saved();
        sqlx::query!(
            "insert into byok_secrets (secret, org, provider, version, status, credential_kind, sealed, org_key, key_id, kms_ref, last4,
                                       fingerprint, created_by, created_at, updated_at, shard)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)",
            secret.id.as_uuid(),
            self.org.as_str(),
            self.provider.as_str(),
            i32::try_from(self.version).unwrap_or(i32::MAX),
            credential.status.as_str(),
            kind.as_str(),
            sealed,
            org_key,
            secret.key_id,
            reference,
            secret.marks.last4,
            secret.marks.fingerprint,
            secret.created_by,
            instant(at),
            ShardId::of(secret.id.as_uuid(), self.shard_count).0
        )
        .execute(&mut *self.tx)
        .await?;
        let row = ByokRow {
            id: secret.id,
            org: self.org,
            provider: self.provider,
            version: self.version,
            kind,
            marks: secret.marks,
            credential,
            rotated_from: None,
            created_at: at,
            updated_at: at,
        };
        let action = if self.is_rotation { AuditAction::ByokSecretRotationStarted } else { AuditAction::ByokSecretCreated };
        write_audit(&mut self.tx, &[by.row(&row.org, action, &target(row.id), metadata(&row, json!({})))]).await?;
        self.tx.commit().await?;
        Ok(row)
    }
}
