//! Checks that are due: who finds them, begins them, and writes what they came to.

use super::{
    order::rotated_from,
    read::key_of,
    row::{ByokKey, ByokRow},
};
use crate::{Mandate, Store, StoreError, column::instant};
use cowork_domain::{
    audit::AuditAction,
    byok::{CheckRules, Outcome, Verdict},
    ids::{OrgId, SecretId, ShardId},
    timestamp::Timestamp,
};
use serde_json::json;

/// A check that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunCheck {
    /// The record.
    pub row: ByokRow,
    /// Where its key is.
    pub key: ByokKey,
    /// False: it began too often without an end, so that nobody should try it again.
    pub may_run: bool,
}

impl Store {
    /// Records of these shards whose check is due, those that wait longest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn due_byok_checks(&self, shards: &[ShardId], now: Timestamp, limit: u32) -> Result<Vec<SecretId>, StoreError> {
        let shards: Vec<i32> = shards.iter().map(|shard| shard.0).collect();
        let due = sqlx::query_scalar!(
            "select secret from byok_secrets where shard = any($1) and check_due_at <= $2 order by check_due_at limit $3",
            &shards,
            instant(now),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(due.into_iter().map(SecretId::from_uuid).collect())
    }

    /// Begins the check of a record; none when there is nothing to check: it is not due, disabled, or not there. From now on the
    /// check counts, whatever becomes of the worker that runs it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn begin_byok_check(&self, secret: SecretId, now: Timestamp, rules: &CheckRules) -> Result<Option<BegunCheck>, StoreError> {
        let Some((mut locked, before)) = self.lock_byok_of(secret).await? else { return Ok(None) };
        if before.credential.due.is_none_or(|due| due.at > now) {
            return Ok(None);
        }
        let Ok((credential, may_run)) = before.credential.clone().begin_check(now, rules) else { return Ok(None) };
        let Some(key) = key_of(&mut locked.tx, &before.org, secret).await? else {
            return Err(StoreError::inconsistent("byok_secrets", secret.as_uuid(), "it has no key"));
        };
        let row = locked.write(&before, ByokRow { credential, ..before.clone() }, &checker(secret, now), now).await?;
        locked.commit(self).await?;
        Ok(Some(BegunCheck { row, key, may_run }))
    }

    /// Writes what a check came to. None when the record was disabled meanwhile: the verdict comes too late.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn finish_byok_check(
        &self,
        secret: SecretId,
        verdict: &Verdict,
        now: Timestamp,
        rules: &CheckRules,
        chance: u16,
    ) -> Result<Option<(ByokRow, Outcome)>, StoreError> {
        let Some((mut locked, before)) = self.lock_byok_of(secret).await? else { return Ok(None) };
        let Ok((credential, outcome)) = before.credential.clone().checked(verdict, now, rules, chance) else { return Ok(None) };
        let by = checker(secret, before.credential.last_check_at.unwrap_or(now));
        let after = locked.write(&before, ByokRow { credential, ..before.clone() }, &by, now).await?;
        if outcome != Outcome::Open {
            let finding = after.credential.finding.as_ref();
            let more = json!({ "validationError": finding.map(|finding| finding.text.as_str()),
                "code": finding.and_then(|finding| finding.code), "validationSource": "validator" });
            locked.audit(&by, AuditAction::ByokSecretValidated, &after, more).await?;
        }
        if after.rotated_from != before.rotated_from {
            locked.audit(&by, AuditAction::ByokSecretRotated, &after, rotated_from(&after)).await?;
        }
        locked.commit(self).await?;
        Ok(Some((after, outcome)))
    }

    /// A provider refused the key in use: asks for a check, unless one is near.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn byok_refused(&self, org: &OrgId, secret: SecretId, now: Timestamp, rules: &CheckRules) -> Result<(), StoreError> {
        let Some((mut locked, before)) = self.lock_byok_of(secret).await? else { return Ok(()) };
        if before.org != *org {
            return Ok(());
        }
        let Some(credential) = before.credential.clone().refused_in_use(now, rules) else { return Ok(()) };
        locked.write(&before, ByokRow { credential, ..before.clone() }, &checker(secret, now), now).await?;
        locked.commit(self).await
    }
}

/// The check itself, told apart by when it began: its end, told again, is the same row.
fn checker(secret: SecretId, began: Timestamp) -> Mandate {
    Mandate::operator("byok.check", format!("{secret}:{}", began.as_millis()), began)
}
