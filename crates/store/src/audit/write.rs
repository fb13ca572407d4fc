//! Audit rows in transactions outside the journal.

use crate::{
    StoreError,
    journal::records::{Audit, array},
};
use cowork_domain::audit::AuditRow;
use sqlx::PgConnection;

/// Writes audit rows within the caller's transaction, so that a change and its row are there together or not at all. A
/// row whose id exists is left as it is.
pub(crate) async fn write_audit(tx: &mut PgConnection, rows: &[AuditRow]) -> Result<(), StoreError> {
    let Some(rows) = array(rows.iter().map(Audit::of)) else { return Ok(()) };
    // In the order of the keys, so that two transactions with the same rows wait for each other instead of dead-locking.
    sqlx::query!(
        "insert into audit_events (id, org, event_type, actor_type, actor_id, account_id, target_type, target_id, metadata, created_at)
         select a.id, a.org, a.event_type, a.actor_type, a.actor_id, a.account_id, a.target_type, a.target_id, a.metadata, a.created_at
           from json_to_recordset(($1::text)::json) a(id uuid, org text, event_type text, actor_type text, actor_id text, account_id text,
                                                      target_type text, target_id text, metadata jsonb, created_at timestamptz)
          order by a.id
         on conflict (id) do nothing",
        rows
    )
    .execute(tx)
    .await?;
    Ok(())
}
