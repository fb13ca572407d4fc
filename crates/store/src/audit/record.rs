//! Audit rows of what has no transaction of its own.

use super::write_audit;
use crate::{Store, StoreError};
use cowork_domain::audit::AuditRow;

impl Store {
    /// Writes audit rows about what leaves no other trace, such as a refused sign-in.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn record_audit(&self, rows: &[AuditRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        write_audit(&mut *self.pool.acquire().await?, rows).await
    }
}
