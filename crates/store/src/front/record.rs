//! Usage rows as they were written, newest first.

use crate::{Store, StoreError};
use cowork_domain::{
    audit::{UsageRow, UsageUnit},
    ids::{OrgId, UsageId, UserId},
};

impl Store {
    /// The newest usage rows of an org.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn usage_page(&self, org: &OrgId, limit: u32) -> Result<Vec<UsageRow>, StoreError> {
        let rows = sqlx::query!(
            "select id, account_id, event_type, quantity, unit, metadata, created_at
               from usage_events where org = $1 order by created_at desc, id desc limit $2",
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| {
            let unit = UsageUnit::parse(&row.unit);
            Ok(UsageRow {
                id: UsageId::from_uuid(row.id),
                org: org.clone(),
                account: row.account_id.map(UserId::new),
                event_type: row.event_type,
                quantity: row.quantity,
                unit: unit.ok_or_else(|| StoreError::inconsistent("usage_events", row.id, "unknown unit"))?,
                metadata: row.metadata,
                at: row.created_at.into(),
            })
        });
        read.collect()
    }
}
