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

    /// Removes lanes in which nothing is left to send, at most `batch` at a time; says how many.
    ///
    /// A delivery that is made, changed or claimed meanwhile loses nothing. Whoever does that holds the lane's row from before he
    /// reads until he has corrected it, so either we come first, and his upsert waits for us, finds the row gone and makes it anew; or
    /// he does, and we leave the row out because it is locked; or he is done between our look and our lock, and then the row is looked
    /// at again as it is now, with something to send. We never wait for a lock, so nobody can wait for us in a circle.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_delivery_lanes(&self, batch: u32) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from channel_delivery_lanes
              where head is null
                and (org, binding, lane) in (select org, binding, lane from channel_delivery_lanes
                                              where head is null limit $1 for update skip locked)",
            i64::from(batch)
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}
