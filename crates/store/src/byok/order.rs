//! What people order about their keys.

use super::row::ByokRow;
use crate::{Mandate, Store, StoreError};
use cowork_domain::{
    audit::AuditAction,
    byok::{CredentialError, Finding},
    ids::OrgId,
    provider::ProviderId,
    timestamp::Timestamp,
};
use serde_json::json;

/// What became of an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overridden {
    /// There is no record that isn't disabled.
    Nothing,
    /// The key is in use, on a person's word.
    InUse(ByokRow),
    /// No word helps: the deployment knows no such provider.
    Unsupported(ByokRow),
}

impl Store {
    /// Asks for a check of the provider's latest record. None when there is none that isn't disabled.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn ask_byok_check(
        &self,
        org: &OrgId,
        provider: &ProviderId,
        by: &Mandate,
        at: Timestamp,
    ) -> Result<Option<ByokRow>, StoreError> {
        let mut locked = self.lock_byok(org, provider).await?;
        let Some(before) = locked.rows.last().cloned() else { return Ok(None) };
        let Ok(credential) = before.credential.clone().ask(at) else { return Ok(None) };
        let after = locked.write(&before, ByokRow { credential, ..before.clone() }, by, at).await?;
        locked.commit(self).await?;
        Ok(Some(after))
    }

    /// Puts the provider's latest record in use without a check. `is_supported`: whether the deployment knows the provider.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn override_byok(
        &self,
        org: &OrgId,
        provider: &ProviderId,
        is_supported: bool,
        reason: &str,
        by: &Mandate,
        at: Timestamp,
    ) -> Result<Overridden, StoreError> {
        let mut locked = self.lock_byok(org, provider).await?;
        let Some(before) = locked.rows.last().cloned() else { return Ok(Overridden::Nothing) };
        let credential = before.credential.clone();
        let credential = match credential.override_validation(is_supported, reason, &before.marks, at) {
            Ok(credential) => credential,
            Err(CredentialError::Disabled) => return Ok(Overridden::Nothing),
            Err(CredentialError::Unsupported) => {
                let Ok(credential) = before.credential.clone().found_unsupported() else { return Ok(Overridden::Nothing) };
                let after = locked.write(&before, ByokRow { credential, ..before.clone() }, by, at).await?;
                locked.commit(self).await?;
                return Ok(Overridden::Unsupported(after));
            }
        };
        let after = locked.write(&before, ByokRow { credential, ..before.clone() }, by, at).await?;
        let finding = after.credential.finding.as_ref();
        let (text, reason) = (finding.map(|finding| finding.text.as_str()), finding.and_then(Finding::reason));
        locked
            .audit(by, AuditAction::ByokSecretValidated, &after, json!({ "validationError": text, "validationSource": "override" }))
            .await?;
        if after.rotated_from != before.rotated_from {
            locked.audit(by, AuditAction::ByokSecretRotated, &after, rotated_from(&after)).await?;
        }
        locked.audit(by, AuditAction::ByokSecretValidationOverride, &after, json!({ "reason": reason })).await?;
        locked.commit(self).await?;
        Ok(Overridden::InUse(after))
    }

    /// Takes all records of a provider out of use, for good; returns the latest of them. None when there was none left.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn disable_byok(
        &self,
        org: &OrgId,
        provider: &ProviderId,
        by: &Mandate,
        at: Timestamp,
    ) -> Result<Option<ByokRow>, StoreError> {
        let mut locked = self.lock_byok(org, provider).await?;
        let mut latest = None;
        for before in locked.rows.clone() {
            let Ok(credential) = before.credential.clone().disable() else { continue };
            let after = locked.write(&before, ByokRow { credential, ..before.clone() }, by, at).await?;
            locked.audit(by, AuditAction::ByokSecretDisabled, &after, json!({})).await?;
            latest = Some(after);
        }
        locked.commit(self).await?;
        Ok(latest)
    }
}

/// Under a name that the audit log doesn't take for a secret's.
pub(super) fn rotated_from(row: &ByokRow) -> serde_json::Value {
    json!({ "rotatedFrom": row.rotated_from.map(|before| before.to_string()) })
}
