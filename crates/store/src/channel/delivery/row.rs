//! Deliveries as they stand in rows, both ways.

use crate::{StoreError, column::instant};
use cowork_domain::{
    channel::{
        delivery::{ChannelDelivery, DeadReason, DeliveryState, DeliveryStatus, Progress},
        ids::{AgentId, ChannelBindingId, ChannelSessionId},
        provider::ChannelProvider,
    },
    ids::OrgId,
    timestamp::Timestamp,
};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    number: i64,
    org: String,
    binding: String,
    delivery_id: String,
    agent: String,
    session_binding: Option<String>,
    provider: String,
    target: Value,
    event_type: String,
    payload: Value,
    status: String,
    dead_reason: Option<String>,
    attempts: i32,
    attempt_limit: i32,
    claim: Option<Uuid>,
    claimed_by: Option<String>,
    claim_expires_at: Option<OffsetDateTime>,
    last_claimed_by: Option<String>,
    next_attempt_at: OffsetDateTime,
    place: OffsetDateTime,
    last_error: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

/// The deliveries with these numbers, in this order; one that is gone is left out.
pub(super) async fn read(connection: &mut PgConnection, numbers: &[i64]) -> Result<Vec<(i64, ChannelDelivery)>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select number, org, binding, delivery_id, agent, session_binding, provider, target, event_type, payload, status, dead_reason,
                attempts, attempt_limit, claim, claimed_by, claim_expires_at, last_claimed_by, next_attempt_at, place, last_error,
                created_at, updated_at
           from channel_deliveries where number = any($1)",
        numbers
    )
    .fetch_all(connection)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(row.number, row.read()?);
    }
    Ok(numbers.iter().filter_map(|number| found.remove(number).map(|delivery| (*number, delivery))).collect())
}

/// The one delivery with this number.
pub(super) async fn read_one(connection: &mut PgConnection, number: i64) -> Result<Option<ChannelDelivery>, StoreError> {
    Ok(read(connection, &[number]).await?.pop().map(|(_, delivery)| delivery))
}

/// Writes how far deliveries are. `stream` is of a claim that a stream made.
pub(super) async fn write(
    connection: &mut PgConnection,
    changed: &[(i64, Progress)],
    stream: Option<Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let numbers: Vec<i64> = changed.iter().map(|(number, _)| *number).collect();
    let column = |of: fn(&Progress) -> Option<&str>| -> Vec<Option<String>> {
        changed.iter().map(|(_, progress)| of(progress).map(str::to_owned)).collect()
    };
    let count = |of: fn(&Progress) -> u32| -> Vec<i32> {
        changed.iter().map(|(_, progress)| i32::try_from(of(progress)).unwrap_or(i32::MAX)).collect()
    };
    let time = |of: fn(&Progress) -> Option<Timestamp>| -> Vec<Option<OffsetDateTime>> {
        changed.iter().map(|(_, progress)| of(progress).map(instant)).collect()
    };
    let claims: Vec<Option<Uuid>> = changed.iter().map(|(_, progress)| progress.claim).collect();
    sqlx::query!(
        "update channel_deliveries d
            set status = c.status, dead_reason = c.dead_reason, attempts = c.attempts, attempt_limit = c.attempt_limit, claim = c.claim,
                claimed_by = c.claimed_by, claim_expires_at = c.claim_expires_at, last_claimed_by = c.last_claimed_by,
                next_attempt_at = c.next_attempt_at, place = c.place, last_error = c.last_error, updated_at = $13,
                stream = coalesce($12, d.stream)
           from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::uuid[], $7::text[], $8::timestamptz[], $9::text[],
                       $10::timestamptz[], $11::timestamptz[], $14::text[])
                as c(number, status, dead_reason, attempts, attempt_limit, claim, claimed_by, claim_expires_at, last_claimed_by,
                     next_attempt_at, place, last_error)
          where d.number = c.number",
        &numbers,
        &column(|progress| Some(progress.state.status().as_str())) as &[Option<String>],
        &column(|progress| match progress.state {
            DeliveryState::Dead(reason) => Some(reason.as_str()),
            _ => None,
        }) as &[Option<String>],
        &count(|progress| progress.attempts),
        &count(|progress| progress.attempt_limit),
        &claims as &[Option<Uuid>],
        &column(|progress| match &progress.state {
            DeliveryState::Claimed { by, .. } => Some(by),
            _ => None,
        }) as &[Option<String>],
        &time(|progress| match progress.state {
            DeliveryState::Claimed { until, .. } => Some(until),
            _ => None,
        }) as &[Option<OffsetDateTime>],
        &column(|progress| progress.last_claimed_by.as_deref()) as &[Option<String>],
        &time(|progress| Some(progress.next_attempt_at)) as &[Option<OffsetDateTime>],
        &time(|progress| Some(progress.place)) as &[Option<OffsetDateTime>],
        stream,
        instant(now),
        &column(|progress| progress.last_error.as_deref()) as &[Option<String>]
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    fn read(self) -> Result<ChannelDelivery, StoreError> {
        let inconsistent = |what: &str| StoreError::inconsistent("channel_deliveries", self.number, what);
        let status = DeliveryStatus::parse(&self.status).ok_or_else(|| inconsistent("unknown status"))?;
        let state = match (status, self.claimed_by, self.claim_expires_at, self.dead_reason) {
            (DeliveryStatus::Pending, None, None, None) => DeliveryState::Pending,
            (DeliveryStatus::Claimed, Some(by), Some(until), None) => DeliveryState::Claimed { by, until: until.into() },
            (DeliveryStatus::Sent, None, None, None) => DeliveryState::Sent,
            (DeliveryStatus::Failed, None, None, None) => DeliveryState::Failed,
            (DeliveryStatus::Dead, None, None, Some(reason)) => {
                DeliveryState::Dead(DeadReason::parse(&reason).ok_or_else(|| inconsistent("unknown reason"))?)
            }
            _ => return Err(inconsistent("its status doesn't fit the rest")),
        };
        let progress = Progress {
            state,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            attempt_limit: u32::try_from(self.attempt_limit).unwrap_or(0),
            claim: self.claim,
            last_claimed_by: self.last_claimed_by,
            next_attempt_at: self.next_attempt_at.into(),
            place: self.place.into(),
            last_error: self.last_error,
        };
        Ok(ChannelDelivery {
            id: self.delivery_id,
            org: OrgId::new(self.org),
            agent: AgentId::new(self.agent),
            binding: ChannelBindingId::new(self.binding),
            session_binding: self.session_binding.map(ChannelSessionId::new),
            provider: ChannelProvider::stored(self.provider),
            target: self.target,
            event_type: self.event_type,
            payload: self.payload,
            progress,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}
