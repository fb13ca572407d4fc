//! The records of one provider, while nobody else changes them.

use super::{
    record_byok_change,
    row::{ByokRow, Columns},
};
use crate::{Mandate, Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    byok::ByokStatus,
    ids::{OrgId, SecretId},
    provider::ProviderId,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use sqlx::PgTransaction;

/// The records that are not disabled, the oldest first, until the transaction ends.
pub(super) struct LockedProvider {
    pub(super) tx: PgTransaction<'static>,
    pub(super) org: OrgId,
    pub(super) rows: Vec<ByokRow>,
    /// Whether what runtimes may use is another now.
    is_changed: bool,
}

impl Store {
    pub(super) async fn lock_byok(&self, org: &OrgId, provider: &ProviderId) -> Result<LockedProvider, StoreError> {
        let mut tx = self.pool.begin().await?;
        let rows = sqlx::query_as!(
            Columns,
            "select secret, org, provider, version, status, credential_kind, last4, fingerprint, validation_source, last_validated_at,
                    validation_code, validation_error, rotated_from, created_at, updated_at, check_due_at, check_cause, check_attempts,
                    refusals, last_check_at
               from byok_secrets where org = $1 and provider = $2 and status <> 'disabled' order by version for update",
            org.as_str(),
            provider.as_str()
        )
        .fetch_all(&mut *tx)
        .await?;
        let rows = rows.into_iter().map(Columns::read).collect::<Result<_, _>>()?;
        Ok(LockedProvider { tx, org: org.clone(), rows, is_changed: false })
    }

    /// As [`Self::lock_byok`], by the id of a record; none when it is not there or disabled.
    pub(super) async fn lock_byok_of(&self, secret: SecretId) -> Result<Option<(LockedProvider, ByokRow)>, StoreError> {
        let place = sqlx::query!("select org, provider from byok_secrets where secret = $1", secret.as_uuid()).fetch_optional(&self.pool);
        let Some(place) = place.await? else { return Ok(None) };
        let provider = ProviderId::parse(&place.provider)
            .map_err(|_| StoreError::inconsistent("byok_secrets", secret.as_uuid(), "not a provider's name"))?;
        let locked = self.lock_byok(&OrgId::new(place.org), &provider).await?;
        let row = locked.rows.iter().find(|row| row.id == secret).cloned();
        Ok(row.map(|row| (locked, row)))
    }
}

impl LockedProvider {
    /// Writes what became of a record; says what it is then. One that gets into use takes the place of all older ones.
    pub(super) async fn write(&mut self, before: &ByokRow, mut after: ByokRow, by: &Mandate, at: Timestamp) -> Result<ByokRow, StoreError> {
        let is_active = |row: &ByokRow| row.credential.status == ByokStatus::Active;
        let is_activated = is_active(&after) && !is_active(before);
        if is_activated {
            after.rotated_from = self.retire_older(before, by, at).await?.or(after.rotated_from);
        }
        self.is_changed |= is_active(before) != is_active(&after);
        let is_shown = before.credential.status != after.credential.status
            || before.credential.validated != after.credential.validated
            || before.credential.finding != after.credential.finding;
        if is_shown {
            after.updated_at = at;
        }
        self.update(&after, is_activated.then_some(at)).await?;
        Ok(after)
    }

    /// What came before a key that gets into use is not needed any more; returns the record that was in use.
    async fn retire_older(&mut self, successor: &ByokRow, by: &Mandate, at: Timestamp) -> Result<Option<SecretId>, StoreError> {
        let mut predecessor = None;
        for mut row in std::mem::take(&mut self.rows) {
            let was_active = row.credential.status == ByokStatus::Active;
            if row.id == successor.id || !(was_active || row.version < successor.version) {
                self.rows.push(row);
                continue;
            }
            if was_active {
                predecessor = Some(row.id);
            }
            let Ok(disabled) = row.credential.clone().disable() else { continue };
            row.credential = disabled;
            row.updated_at = at;
            self.update(&row, None).await?;
            // The contract tells the end of the key that was in use as `rotated`, with the new one as its subject.
            if !was_active {
                self.audit(by, AuditAction::ByokSecretDisabled, &row, json!({ "reason": "superseded" })).await?;
            }
        }
        Ok(predecessor)
    }

    async fn update(&mut self, row: &ByokRow, activated_at: Option<Timestamp>) -> Result<(), StoreError> {
        let credential = &row.credential;
        let is_disabled = credential.status == ByokStatus::Disabled;
        sqlx::query!(
            "update byok_secrets
                set status = $3, validation_source = $4, last_validated_at = $5, validation_code = $6, validation_error = $7,
                    rotated_from = $8, updated_at = $9, activated_at = coalesce($10, activated_at),
                    check_due_at = $11, check_cause = $12, check_attempts = $13, refusals = $14, last_check_at = $15,
                    disabled_at = case when $16 then $9 else disabled_at end,
                    sealed = case when $16 then null else sealed end, org_key = case when $16 then null else org_key end,
                    key_id = case when $16 then null else key_id end, kms_ref = case when $16 then null else kms_ref end
              where org = $1 and secret = $2",
            self.org.as_str(),
            row.id.as_uuid(),
            credential.status.as_str(),
            credential.validated.map(|validated| validated.source.as_str()),
            credential.validated.map(|validated| instant(validated.at)),
            credential.finding.as_ref().and_then(|finding| finding.code).map(cowork_domain::codes::Code::as_str),
            credential.finding.as_ref().map(|finding| finding.text.as_str()),
            row.rotated_from.map(|secret| secret.as_uuid()),
            instant(row.updated_at),
            activated_at.map(instant),
            credential.due.map(|due| instant(due.at)),
            credential.due.map(|due| due.cause.as_str()),
            i32::try_from(credential.attempts).unwrap_or(i32::MAX),
            i32::try_from(credential.refusals).unwrap_or(i32::MAX),
            credential.last_check_at.map(instant),
            is_disabled
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Notes a deed in the audit log, with what the contract shows of a record.
    pub(super) async fn audit(&mut self, by: &Mandate, action: AuditAction, row: &ByokRow, more: Value) -> Result<(), StoreError> {
        write_audit(&mut self.tx, &[by.row(&self.org, action, &target(row.id), metadata(row, more))]).await
    }

    /// Makes it so, and tells the nodes if runtimes are concerned.
    pub(super) async fn commit(mut self, store: &Store) -> Result<(), StoreError> {
        if self.is_changed {
            record_byok_change(&mut self.tx, &self.org).await?;
        }
        self.tx.commit().await?;
        if self.is_changed {
            store.announce_byok().await;
        }
        Ok(())
    }
}

pub(super) fn target(secret: SecretId) -> AuditTarget {
    AuditTarget::new("byok_secret", &secret.to_string())
}

/// The audit log replaces the fingerprint by itself: its name says that it is about a key.
pub(super) fn metadata(row: &ByokRow, more: Value) -> Value {
    let mut metadata = json!({
        "providerId": row.provider, "status": row.credential.status, "credentialKind": row.kind, "last4": row.marks.last4,
        "keyFingerprint": row.marks.fingerprint, "version": row.version,
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut metadata, more) {
        fields.extend(more);
    }
    metadata
}
