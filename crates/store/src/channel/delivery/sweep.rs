//! Removing what was at rest for long.

use crate::{Store, StoreError};
use std::time::Duration;

impl Store {
    /// Removes deliveries that were sent, or given up, so long ago, at most `batch` at a time; says how many. Whoever makes one
    /// of the same name again after that makes a new one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_deliveries(&self, age: Duration, batch: u32) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from channel_deliveries
              where number in (select number from channel_deliveries
                                where status in ('sent', 'dead') and updated_at < now() - make_interval(secs => $1)
                                order by updated_at limit $2 for update skip locked)",
            age.as_secs_f64(),
            i64::from(batch)
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}
