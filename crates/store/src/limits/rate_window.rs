//! Fixed windows, aligned to multiples of their length.

use super::{SWEPT_AT_ONCE, count, duration, millis};
use crate::{Store, StoreError};
use sqlx::PgConnection;
use std::time::Duration;

/// What a node got of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitLease {
    /// Permits that nobody else gets. None when the window is used up.
    pub granted: u64,
    /// What is left for everybody.
    pub left: u64,
    /// Until the window ends.
    pub rest: Duration,
}

/// Whether something still fitted into its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It did, and was counted.
    Admitted,
    /// It did not, and was not.
    Refused {
        /// Until the window ends.
        retry_after: Duration,
    },
}

impl Store {
    /// Takes up to `wanted` of the `max` permits that `key` has in the current window. What is taken counts, spent or not.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn lease_permits(&self, scope: &str, key: &str, window: Duration, max: u64, wanted: u64) -> Result<PermitLease, StoreError> {
        lease_permits(&mut *self.pool.acquire().await?, scope, key, window, max, wanted).await
    }

    /// Counts one thing of a kind that is rare, such as an invitation, unless `max` of `key` were counted in the current window
    /// already. Exact over all nodes, at the price of a round trip each.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn count_in_window(&self, scope: &str, key: &str, window: Duration, max: u64) -> Result<Counted, StoreError> {
        let lease = self.lease_permits(scope, key, window, max, 1).await?;
        Ok(if lease.granted == 1 { Counted::Admitted } else { Counted::Refused { retry_after: lease.rest } })
    }

    /// Removes windows that ended, 10 000 at a time; says how many.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_rate_windows(&self) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let swept = sqlx::query!(
                "delete from rate_windows
                  where (scope, key, window_ms) in (select scope, key, window_ms from rate_windows where ends_at < now()
                                                     limit 10000 for update skip locked)
                    and ends_at < now()"
            )
            .execute(&self.pool)
            .await?
            .rows_affected();
            total += swept;
            if swept < SWEPT_AT_ONCE {
                return Ok(total);
            }
        }
    }
}

/// As [`Store::lease_permits`], within the caller's transaction: permits of one that fails are given back.
pub(crate) async fn lease_permits(
    connection: &mut PgConnection,
    scope: &str,
    key: &str,
    window: Duration,
    max: u64,
    wanted: u64,
) -> Result<PermitLease, StoreError> {
    // The row may have gone on to a newer window while this statement waited for it; then the newer one counts.
    let row = sqlx::query!(
        r#"insert into rate_windows as w (scope, key, window_ms, ends_at, used, granted)
               select $1, $2, $3::bigint, date_bin(n.length, clock_timestamp(), timestamptz 'epoch') + n.length, least($4::bigint, $5), least($4, $5)
                 from (select make_interval(secs => $3::bigint::float8 / 1000) as length) as n
               on conflict (scope, key, window_ms) do update
                  set (ends_at, used, granted) = (
                      select now.ends_at, now.used + got.granted, got.granted
                        from (select greatest(w.ends_at, excluded.ends_at) as ends_at,
                                     case when w.ends_at < excluded.ends_at then 0 else w.used end as used) as now,
                     lateral (select greatest(0, least($5, $4 - now.used)) as granted) as got)
            returning granted, used, extract(epoch from ends_at - clock_timestamp())::float8 as "rest!""#,
        scope,
        key,
        millis(window),
        count(max),
        count(wanted)
    )
    .fetch_one(connection)
    .await?;
    Ok(PermitLease {
        granted: u64::try_from(row.granted).unwrap_or(0),
        left: u64::try_from(count(max).saturating_sub(row.used)).unwrap_or(0),
        rest: duration(row.rest),
    })
}
