//! The end of an organisation's keys.

use super::changes::record_byok_change;
use crate::{Mandate, Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    ids::OrgId,
};
use serde::Serialize;
use serde_json::json;

/// What was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shredded {
    /// Data keys whose private half is gone.
    pub data_keys: u64,
    /// Provider keys that were disabled with it.
    pub secrets: u64,
}

impl Store {
    /// Destroys the private halves of all data keys of an organisation, and disables what was sealed to them: nobody can open any
    /// of it again, not from a backup of the secrets alone either. The next key that the organisation saves gets a new data key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn shred_org_keys(&self, org: &OrgId, by: &Mandate) -> Result<Shredded, StoreError> {
        let mut tx = self.pool.begin().await?;
        // The private halves first: who wants to open or to save one of these waits here, and finds it gone.
        let data_keys = sqlx::query!(
            "update org_data_keys set sealed_private = null, shredded_at = now() where org = $1 and shredded_at is null",
            org.as_str()
        )
        .execute(&mut *tx)
        .await?;
        let secrets = sqlx::query!(
            "update byok_secrets set status = 'disabled', sealed = null, org_key = null, key_id = null, kms_ref = null,
                    check_due_at = null, check_cause = null, disabled_at = now(), updated_at = now()
              where org = $1 and status <> 'disabled'",
            org.as_str()
        )
        .execute(&mut *tx)
        .await?;
        let shredded = Shredded { data_keys: data_keys.rows_affected(), secrets: secrets.rows_affected() };
        let target = AuditTarget::new("org", org.as_str());
        // Names that speak of keys would have their values redacted.
        let metadata = json!({ "destroyed": shredded.data_keys, "disabled": shredded.secrets });
        write_audit(&mut tx, &[by.row(org, AuditAction::ByokSecretShredded, &target, metadata)]).await?;
        // Last, because its lock is everybody's: nodes that hold an opened key of the organisation drop it.
        record_byok_change(&mut tx, org).await?;
        tx.commit().await?;
        self.announce_byok().await;
        Ok(shredded)
    }
}
