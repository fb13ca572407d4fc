//! Lanes: locked before, corrected after.

use crate::StoreError;
use cowork_domain::{
    channel::{delivery::lane::Lane, ids::ChannelBindingId},
    ids::OrgId,
    timestamp::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Locks a lane until the transaction ends, and says what time it is then: by this clock its deliveries have an order.
pub(super) async fn lock(
    transaction: &mut PgConnection,
    org: &OrgId,
    binding: &ChannelBindingId,
    lane: Lane,
) -> Result<Timestamp, StoreError> {
    sqlx::query!(
        "insert into channel_delivery_lanes (org, binding, lane) values ($1, $2, $3)
         on conflict (org, binding, lane) do update set lane = excluded.lane",
        org.as_str(),
        binding.as_str(),
        lane.as_uuid()
    )
    .execute(&mut *transaction)
    .await?;
    now(transaction).await
}

/// What time it is.
pub(super) async fn now(connection: &mut PgConnection) -> Result<Timestamp, StoreError> {
    let now = sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(connection).await?;
    Ok(now.into())
}

/// Finds out anew what is next in lanes that are locked.
pub(super) async fn correct(
    transaction: &mut PgConnection,
    org: &OrgId,
    binding: &ChannelBindingId,
    lanes: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query!(
        "update channel_delivery_lanes l
            set (head, due_at) = (select d.number, coalesce(d.claim_expires_at, d.next_attempt_at) from channel_deliveries d
                                   where d.org = l.org and d.binding = l.binding and d.lane = l.lane
                                     and d.status in ('pending', 'claimed', 'failed')
                                   order by d.place, d.number limit 1)
          where l.org = $1 and l.binding = $2 and l.lane = any($3)",
        org.as_str(),
        binding.as_str(),
        lanes
    )
    .execute(transaction)
    .await?;
    Ok(())
}
