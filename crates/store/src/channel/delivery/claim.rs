//! Claiming what is due.

use super::{lane, row};
use crate::{Store, StoreError, column::instant, limits::lease_permits, objects::write_usage};
use cowork_domain::{
    audit::UsageRow,
    channel::{
        delivery::{Attempt, ChannelDelivery, ClaimOrder, ClaimRefusal, Claimed, Progress, StreamCredit},
        ids::ChannelBindingId,
    },
    ids::{OrgId, TokenId},
    timestamp::Timestamp,
};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Kept apart from other counts of an organisation.
const QUOTA_SCOPE: &str = "gateway_deliveries";
const HOUR: Duration = Duration::from_secs(3600);
/// What is given up makes room for what stands behind it, but one claim doesn't bury a whole lane of poison.
const ROUNDS: u32 = 4;

impl Store {
    /// Claims the deliveries of a binding that are due, at most one of each lane: the next one follows when that one is done
    /// with. What was tried too often is given up on the way. Whether the claimant still may is asked in the same transaction.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn claim_deliveries(&self, order: &ClaimOrder) -> Result<Result<Claimed, ClaimRefusal>, StoreError> {
        let ClaimOrder { org, binding, claim, .. } = order;
        let mut transaction = self.pool.begin().await?;
        let Some(now) = may_claim(&mut transaction, org, binding, claim.token.as_ref()).await? else {
            return Ok(Err(ClaimRefusal::NotAuthorised));
        };
        if order.again {
            let count = held(&mut transaction, org, binding, claim.id).await?;
            if count > 0 {
                return Ok(Ok(Claimed { count, is_limited: false, next_due_millis: None }));
            }
        }
        let mut room = room(&mut transaction, order.max, order.stream, now).await?;
        let mut count = 0;
        for _ in 0..ROUNDS {
            if room == 0 {
                break;
            }
            let due = lock_due(&mut transaction, order, room, now).await?;
            if due.is_empty() {
                break;
            }
            let (mut begun, given_up) = attempts(due, order, now);
            let permitted = permits(&mut transaction, order, begun.len()).await?;
            if let Err(refusal) = permitted
                && count == 0
                && given_up.is_empty()
            {
                return Ok(Err(refusal));
            }
            begun.truncate(permitted.unwrap_or(0));
            let (taken, gone) = (begun.len(), given_up.len());
            begin(&mut transaction, order, begun, given_up, now).await?;
            count += u32::try_from(taken).unwrap_or(u32::MAX);
            room = room.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
            if gone == 0 {
                break;
            }
        }
        let next_due_millis = next_due(&mut transaction, org, binding, now).await?;
        transaction.commit().await?;
        Ok(Ok(Claimed { count, is_limited: room == 0, next_due_millis }))
    }
}

/// A delivery that is due, with its number and its lane.
struct Due {
    number: i64,
    lane: Uuid,
    delivery: ChannelDelivery,
}

/// A delivery that is taken or given up.
struct Changed {
    number: i64,
    lane: Uuid,
    progress: Progress,
}

/// What time it is, if the binding is served and the token may serve it.
async fn may_claim(
    connection: &mut PgConnection,
    org: &OrgId,
    binding: &ChannelBindingId,
    token: Option<&TokenId>,
) -> Result<Option<Timestamp>, StoreError> {
    let now = sqlx::query_scalar!(
        r#"select clock_timestamp() as "now!" from channel_bindings b
            where b.org = $1 and b.id = $2 and b.status = 'active'
              and ($3::text is null
                   or exists (select from api_tokens t join api_token_bindings g on g.org = t.org and g.token = t.id
                               where t.org = b.org and t.id = $3 and t.revoked_at is null and t.expires_at > now()
                                 and g.channel_binding = b.id))"#,
        org.as_str(),
        binding.as_str(),
        token.map(TokenId::as_str)
    )
    .fetch_optional(connection)
    .await?;
    Ok(now.map(Into::into))
}

/// How many a claim holds already.
async fn held(connection: &mut PgConnection, org: &OrgId, binding: &ChannelBindingId, claim: Uuid) -> Result<u32, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from channel_deliveries where org = $1 and binding = $2 and claim = $3 and status = 'claimed'"#,
        org.as_str(),
        binding.as_str(),
        claim
    )
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many may be taken, given what the stream has in hand. A claim that ran out is in nobody's hand.
async fn room(connection: &mut PgConnection, max: u32, stream: Option<StreamCredit>, now: Timestamp) -> Result<u32, StoreError> {
    let Some(StreamCredit { stream, credit }) = stream else { return Ok(max) };
    let in_hand = sqlx::query_scalar!(
        r#"select count(*) as "count!" from channel_deliveries where stream = $1 and status = 'claimed' and claim_expires_at > $2"#,
        stream,
        instant(now)
    )
    .fetch_one(connection)
    .await?;
    Ok(max.min(credit.saturating_sub(u32::try_from(in_hand).unwrap_or(u32::MAX))))
}

/// Locks the lanes whose next delivery is due, those that wait longest first; a lane that somebody else works on is theirs.
async fn lock_due(transaction: &mut PgConnection, order: &ClaimOrder, room: u32, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let lanes = sqlx::query!(
        r#"select lane, head as "head!" from channel_delivery_lanes where org = $1 and binding = $2 and due_at <= $3
            order by due_at, head limit $4 for update skip locked"#,
        order.org.as_str(),
        order.binding.as_str(),
        instant(now),
        i64::from(room)
    )
    .fetch_all(&mut *transaction)
    .await?;
    let numbers: Vec<i64> = lanes.iter().map(|lane| lane.head).collect();
    let deliveries = row::read(transaction, &numbers).await?;
    let lane_of = |number: i64| lanes.iter().find(|lane| lane.head == number).map(|lane| lane.lane);
    Ok(deliveries.into_iter().filter_map(|(number, delivery)| Some(Due { number, lane: lane_of(number)?, delivery })).collect())
}

/// What becomes of each: an attempt begins, or it is given up.
fn attempts(due: Vec<Due>, order: &ClaimOrder, now: Timestamp) -> (Vec<Changed>, Vec<Changed>) {
    let until = now.plus_millis(order.ttl_millis);
    let (mut begun, mut given_up) = (Vec::new(), Vec::new());
    for Due { number, lane, delivery } in due {
        match delivery.progress.claim(&order.claim, until, now) {
            Some(Attempt::Begun(progress)) => begun.push(Changed { number, lane, progress }),
            Some(Attempt::GivenUp(progress)) => given_up.push(Changed { number, lane, progress }),
            None => {}
        }
    }
    (begun, given_up)
}

/// How many of those that are wanted the organisation may have this hour.
async fn permits(transaction: &mut PgConnection, order: &ClaimOrder, wanted: usize) -> Result<Result<usize, ClaimRefusal>, StoreError> {
    let Some(most) = order.hourly else { return Ok(Ok(wanted)) };
    if wanted == 0 {
        return Ok(Ok(0));
    }
    let lease = lease_permits(transaction, QUOTA_SCOPE, order.org.as_str(), HOUR, most, wanted as u64).await?;
    if lease.granted == 0 {
        let retry_after_millis = u64::try_from(lease.rest.as_millis()).unwrap_or(u64::MAX);
        return Ok(Err(ClaimRefusal::QuotaExceeded { retry_after_millis }));
    }
    Ok(Ok(usize::try_from(lease.granted).unwrap_or(usize::MAX)))
}

async fn begin(
    transaction: &mut PgConnection,
    order: &ClaimOrder,
    begun: Vec<Changed>,
    given_up: Vec<Changed>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let usage: Vec<UsageRow> = begun.iter().filter(|_| order.is_used).map(|changed| used(order, changed, now)).collect();
    let lanes: Vec<Uuid> = begun.iter().chain(&given_up).map(|changed| changed.lane).collect();
    let rows = |changed: Vec<Changed>| changed.into_iter().map(|changed| (changed.number, changed.progress)).collect::<Vec<_>>();
    row::write(transaction, &rows(begun), order.stream.map(|stream| stream.stream), now).await?;
    row::write(transaction, &rows(given_up), None, now).await?;
    lane::correct(transaction, &order.org, &order.binding, &lanes).await?;
    write_usage(transaction, &usage).await
}

fn used(order: &ClaimOrder, changed: &Changed, at: Timestamp) -> UsageRow {
    let cause = format!("{}:{}", changed.number, changed.progress.attempts);
    let metadata = json!({ "channelBindingId": order.binding, "attemptCount": changed.progress.attempts });
    UsageRow::once(&order.org, order.account.as_ref(), &cause, "gateway.delivery.claimed", metadata, at)
}

async fn next_due(
    connection: &mut PgConnection,
    org: &OrgId,
    binding: &ChannelBindingId,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let next = sqlx::query_scalar!(
        "select due_at from channel_delivery_lanes where org = $1 and binding = $2 and due_at > $3 order by due_at limit 1",
        org.as_str(),
        binding.as_str(),
        instant(now)
    )
    .fetch_optional(connection)
    .await?;
    Ok(next.flatten().map(|due| u64::try_from(Timestamp::from(due).as_millis() - now.as_millis()).unwrap_or(0)))
}
