//! Objects that nothing refers to any more.

use crate::{Store, StoreError};
use std::time::Duration;

impl Store {
    /// Notes an object that nothing refers to.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn discard_object(&self, key: &str) -> Result<(), StoreError> {
        sqlx::query!("insert into discarded_objects (object_key) values ($1) on conflict (object_key) do nothing", key)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keys of objects that were discarded at least so long ago: by then nobody reads them any more. The oldest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn discarded_objects(&self, since: Duration, most: u32) -> Result<Vec<String>, StoreError> {
        let keys = sqlx::query_scalar!(
            "select object_key from discarded_objects where discarded_at < now() - make_interval(secs => $1) order by discarded_at limit $2",
            since.as_secs_f64(),
            i64::from(most)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(keys)
    }

    /// They are removed.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn forget_discarded_objects(&self, keys: &[String]) -> Result<(), StoreError> {
        sqlx::query!("delete from discarded_objects where object_key = any($1)", keys).execute(&self.pool).await?;
        Ok(())
    }
}
