//! Bytes that an organisation may store in a day: those of artifacts and of uploaded projects together.

use crate::{StoreError, column::bigint};
use cowork_domain::ids::OrgId;
use sqlx::PgConnection;
use std::time::Duration;

/// What the day's quota says to a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayQuota {
    /// The bytes are taken.
    Taken,
    /// The organisation's bytes of this day are used up.
    UsedUp {
        /// Until the day ends.
        retry_after: Duration,
    },
}

/// Takes bytes in the transaction of whatever they are for: both or neither, exactly, over all nodes.
pub(super) async fn take_bytes(
    transaction: &mut PgConnection,
    org: &OrgId,
    bytes: u64,
    bytes_per_day: Option<u64>,
) -> Result<DayQuota, StoreError> {
    let taken = sqlx::query_scalar!(
        "insert into artifact_days as d (org, day, bytes)
         select $1, (now() at time zone 'utc')::date, $2::bigint where $3::bigint is null or $2 <= $3
         on conflict (org, day) do update set bytes = d.bytes + excluded.bytes
         where $3 is null or d.bytes + excluded.bytes <= $3
         returning bytes",
        org.as_str(),
        bigint(bytes),
        bytes_per_day.map(bigint)
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if taken.is_some() {
        return Ok(DayQuota::Taken);
    }
    let rest = sqlx::query_scalar!(
        r#"select extract(epoch from date_trunc('day', now() at time zone 'utc') + interval '1 day' - now() at time zone 'utc')::float8 as "rest!""#
    )
    .fetch_one(transaction)
    .await?;
    Ok(DayQuota::UsedUp { retry_after: Duration::try_from_secs_f64(rest).unwrap_or_default() })
}
