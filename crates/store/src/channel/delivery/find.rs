//! Looking for deliveries.

use super::row;
use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    channel::{
        delivery::{ChannelDelivery, DeliveryStatus, lane::Lane},
        ids::ChannelBindingId,
    },
    ids::OrgId,
    timestamp::Timestamp,
};
use uuid::Uuid;

/// Where a delivery stands. Neither changes in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPlace {
    pub(super) number: i64,
    pub(super) lane: Lane,
    /// Which channel it goes through.
    pub binding: ChannelBindingId,
}

/// Which deliveries of an organisation. What isn't said filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter<'a> {
    /// With this name.
    pub id: Option<&'a str>,
    /// That stand like this.
    pub status: Option<DeliveryStatus>,
    /// Of these channels.
    pub bindings: Option<&'a [String]>,
    /// Which this gateway token or claimant claimed last.
    pub last_claimed_by: Option<&'a str>,
}

/// Deliveries of one channel that aren't at rest.
#[derive(Debug, Clone, Copy)]
pub struct OpenDeliveries<'a> {
    /// The channel.
    pub binding: &'a ChannelBindingId,
    /// Made then or later.
    pub from: Option<Timestamp>,
    /// Made before.
    pub before: Option<Timestamp>,
    /// Which this gateway token claimed last.
    pub last_claimed_by: Option<&'a str>,
}

impl Store {
    /// Their places and names, the oldest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn open_deliveries(
        &self,
        org: &OrgId,
        open: &OpenDeliveries<'_>,
        limit: u32,
    ) -> Result<Vec<(DeliveryPlace, String)>, StoreError> {
        let rows = sqlx::query!(
            "select number, lane, delivery_id from channel_deliveries
              where org = $1 and binding = $2 and status in ('pending', 'claimed', 'failed')
                and created_at >= coalesce($3, '-infinity'::timestamptz) and created_at < coalesce($4, 'infinity'::timestamptz)
                and ($5::text is null or last_claimed_by = $5)
              order by number limit $6",
            org.as_str(),
            open.binding.as_str(),
            open.from.map(instant),
            open.before.map(instant),
            open.last_claimed_by,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let place = |number, lane| DeliveryPlace { number, lane: Lane::stored(lane), binding: open.binding.clone() };
        Ok(rows.into_iter().map(|row| (place(row.number, row.lane), row.delivery_id)).collect())
    }

    /// The deliveries with a name, among these channels or among all: at most two, which is one too many.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn delivery_places(&self, org: &OrgId, id: &str, bindings: Option<&[String]>) -> Result<Vec<DeliveryPlace>, StoreError> {
        let rows = sqlx::query!(
            "select number, lane, binding from channel_deliveries
              where org = $1 and delivery_id = $2 and ($3::text[] is null or binding = any($3)) limit 2",
            org.as_str(),
            id,
            bindings
        )
        .fetch_all(&self.pool)
        .await?;
        let place =
            |row: (i64, Uuid, String)| DeliveryPlace { number: row.0, lane: Lane::stored(row.1), binding: ChannelBindingId::new(row.2) };
        Ok(rows.into_iter().map(|row| place((row.number, row.lane, row.binding))).collect())
    }

    /// The deliveries that changed last, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn deliveries(&self, org: &OrgId, filter: &DeliveryFilter<'_>, limit: u32) -> Result<Vec<ChannelDelivery>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let numbers = sqlx::query_scalar!(
            "select number from channel_deliveries
              where org = $1 and ($2::text is null or delivery_id = $2) and ($3::text is null or status = $3)
                and ($4::text[] is null or binding = any($4)) and ($5::text is null or last_claimed_by = $5)
              order by updated_at desc, number desc limit $6",
            org.as_str(),
            filter.id,
            filter.status.map(DeliveryStatus::as_str),
            filter.bindings,
            filter.last_claimed_by,
            i64::from(limit)
        )
        .fetch_all(&mut *connection)
        .await?;
        Ok(row::read(&mut connection, &numbers).await?.into_iter().map(|(_, delivery)| delivery).collect())
    }

    /// What a claim took and still holds, in the order in which it was due.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claimed_deliveries(
        &self,
        org: &OrgId,
        binding: &ChannelBindingId,
        claim: Uuid,
    ) -> Result<Vec<ChannelDelivery>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let numbers = sqlx::query_scalar!(
            "select number from channel_deliveries where org = $1 and binding = $2 and claim = $3 and status = 'claimed'
              order by next_attempt_at, number",
            org.as_str(),
            binding.as_str(),
            claim
        )
        .fetch_all(&mut *connection)
        .await?;
        Ok(row::read(&mut connection, &numbers).await?.into_iter().map(|(_, delivery)| delivery).collect())
    }
}
