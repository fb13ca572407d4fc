//! What was fetched, for billing and for auditors.

use crate::{
    Store, StoreError,
    audit::write_audit,
    journal::records::{Usage, array},
};
use cowork_domain::audit::{AuditRow, UsageRow};
use sqlx::PgConnection;

impl Store {
    /// Writes rows about what leaves no trace in a log, such as a download: all or none. A row whose id exists is left as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn record_consumption(&self, usage: &[UsageRow], audit: &[AuditRow]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        write_usage(&mut transaction, usage).await?;
        write_audit(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Writes usage rows within the caller's transaction. A row whose id exists is left as it is.
pub(crate) async fn write_usage(connection: &mut PgConnection, usage: &[UsageRow]) -> Result<(), StoreError> {
    let Some(rows) = array(usage.iter().map(Usage::of)) else { return Ok(()) };
    sqlx::query!(
        "insert into usage_events (id, org, account_id, event_type, quantity, unit, metadata, created_at)
                 select u.id, u.org, u.account_id, u.event_type, u.quantity, u.unit, u.metadata, u.created_at
                   from json_to_recordset(($1::text)::json) u(id uuid, org text, account_id text, event_type text, quantity bigint, unit text,
                                                              metadata jsonb, created_at timestamptz)
                  order by u.id
                 on conflict (id) do nothing",
        rows
    )
    .execute(connection)
    .await?;
    Ok(())
}
