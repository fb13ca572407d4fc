//! What a deployment was last started with, where a change of it is worth an audit row.

use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::OrgId,
    signup::SignupMode,
    timestamp::Timestamp,
};
use serde_json::json;

impl Store {
    /// Notes the mode in which the deployment lets people in. Where it was another one the last time, that is said in the audit
    /// log `org`, once however many nodes start with it, and returned.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn note_signup_mode(&self, org: &OrgId, mode: SignupMode, cause: &str, at: Timestamp) -> Result<Option<String>, StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("insert into deployment_facts (name, value) values ('signup_mode', $1) on conflict (name) do nothing", mode.as_str())
            .execute(&mut *tx)
            .await?;
        let before =
            sqlx::query_scalar!("select value from deployment_facts where name = 'signup_mode' for update").fetch_one(&mut *tx).await?;
        if before == mode.as_str() {
            tx.commit().await?;
            return Ok(None);
        }
        sqlx::query!("update deployment_facts set value = $1, updated_at = now() where name = 'signup_mode'", mode.as_str())
            .execute(&mut *tx)
            .await?;
        let target = AuditTarget::new("deployment", "signup_mode");
        let metadata = json!({ "from": before, "to": mode.as_str() });
        write_audit(&mut tx, &[AuditRow::by_system(org, "serve", cause, AuditAction::SignupModeChanged, &target, metadata, at)]).await?;
        tx.commit().await?;
        Ok(Some(before))
    }
}
