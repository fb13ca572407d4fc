//! Events of chat systems: who has which.

use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    channel::{
        ids::ChannelBindingId,
        provider::ChannelProvider,
        provider_event::{
            EventClaim, NotClaimant, ProviderEvent, ProviderEventKey, ProviderEventOutcome, ProviderEventState, ProviderEventType,
        },
    },
    ids::OrgId,
    timestamp::Timestamp,
};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;

impl Store {
    /// Gives an event to whoever asks, unless somebody has it or it is over; says which. Two who ask at once get it once.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn claim_provider_event(
        &self,
        key: ProviderEventKey,
        claim: EventClaim,
        metadata: Map<String, Value>,
        now: Timestamp,
    ) -> Result<(ProviderEvent, bool), StoreError> {
        let first = ProviderEvent::first(key, claim.clone(), metadata.clone(), now);
        let mut transaction = self.pool.begin().await?;
        // Nearly every event is told of once, which is this one statement.
        if insert(&mut transaction, &first).await? {
            transaction.commit().await?;
            return Ok((first, true));
        }
        let (org, id) = (&first.key.org, first.key.id());
        let Some(stored) = locked(&mut transaction, org, &id).await? else {
            return Err(StoreError::inconsistent("channel_provider_events", id, "it went while it was looked at"));
        };
        let (event, claimed) = stored.claim(claim, metadata, now);
        write(&mut transaction, &event).await?;
        transaction.commit().await?;
        Ok((event, claimed))
    }

    /// Ends a claim. `None` when the organisation has no such event within these bindings, or it isn't the claimant's.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn complete_provider_event(
        &self,
        org: &OrgId,
        id: &str,
        by: &str,
        within: impl FnOnce(&ChannelBindingId) -> bool,
        outcome: ProviderEventOutcome,
        now: Timestamp,
    ) -> Result<Result<ProviderEvent, NotClaimant>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(stored) = locked(&mut transaction, org, id).await?.filter(|event| within(&event.key.binding)) else {
            return Ok(Err(NotClaimant));
        };
        let Ok(event) = stored.complete(by, outcome, now) else { return Ok(Err(NotClaimant)) };
        write(&mut transaction, &event).await?;
        transaction.commit().await?;
        Ok(Ok(event))
    }

    /// Forgets events that are older than this: no chat system tells of them again. Returns how many; at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_provider_events(&self, age: Duration, limit: u32) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from channel_provider_events e
              using (select org, id from channel_provider_events where created_at < now() - make_interval(secs => $1)
                        and (claim_expires_at is null or claim_expires_at < now())
                      order by created_at limit $2 for update skip locked) old
              where e.org = old.org and e.id = old.id",
            age.as_secs_f64(),
            i64::from(limit)
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}

/// Writes an event unless it is there; says whether it wasn't.
async fn insert(tx: &mut PgConnection, event: &ProviderEvent) -> Result<bool, StoreError> {
    let columns = Columns::of(&event.state);
    let inserted = sqlx::query!(
        "insert into channel_provider_events (org, id, binding, provider, instance, workspace, event, type, status, claimed_by,
                                              claim_expires_at, attempts, metadata, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
         on conflict (org, id) do nothing",
        event.key.org.as_str(),
        event.key.id(),
        event.key.binding.as_str(),
        event.key.provider.as_str(),
        event.key.instance,
        event.key.workspace,
        event.key.event,
        event.key.kind.as_str(),
        event.state.as_str(),
        columns.claimed_by,
        columns.claim_expires_at,
        integer(event.attempts),
        Value::Object(event.metadata.clone()),
        instant(event.created_at)
    )
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes what changes about an event. Its row must be locked.
async fn write(tx: &mut PgConnection, event: &ProviderEvent) -> Result<(), StoreError> {
    let columns = Columns::of(&event.state);
    sqlx::query!(
        "update channel_provider_events
            set status = $3, claimed_by = $4, claim_expires_at = $5, attempts = $6, retryable = $7, last_error = $8, metadata = $9,
                processed_at = $10, updated_at = $11
          where org = $1 and id = $2",
        event.key.org.as_str(),
        event.key.id(),
        event.state.as_str(),
        columns.claimed_by,
        columns.claim_expires_at,
        integer(event.attempts),
        columns.retryable,
        columns.last_error,
        Value::Object(event.metadata.clone()),
        columns.processed_at,
        instant(event.updated_at)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// An event, kept from everybody else until the transaction ends.
async fn locked(tx: &mut PgConnection, org: &OrgId, id: &str) -> Result<Option<ProviderEvent>, StoreError> {
    let row = sqlx::query!(
        "select binding, provider, instance, workspace, event, type, status, claimed_by, claim_expires_at, attempts, retryable, last_error,
                metadata, processed_at, created_at, updated_at
           from channel_provider_events where org = $1 and id = $2 for no key update",
        org.as_str(),
        id
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let unreadable = |what| StoreError::inconsistent("channel_provider_events", id, what);
    let kind = ProviderEventType::parse(&row.r#type).ok_or_else(|| unreadable("unknown type"))?;
    let state = match (row.status.as_str(), row.claimed_by, row.claim_expires_at, row.processed_at) {
        ("received", ..) => ProviderEventState::Received,
        ("processing", Some(by), Some(until), _) => ProviderEventState::Processing(EventClaim { by, until: until.into() }),
        ("processed", .., Some(at)) => ProviderEventState::Processed { at: at.into() },
        ("failed", ..) => ProviderEventState::Failed { retryable: row.retryable.unwrap_or(false), error: row.last_error },
        _ => return Err(unreadable("unknown state")),
    };
    let Value::Object(metadata) = row.metadata else { return Err(unreadable("its metadata is no object")) };
    let key = ProviderEventKey {
        org: org.clone(),
        binding: ChannelBindingId::new(row.binding),
        provider: ChannelProvider::stored(row.provider),
        instance: row.instance,
        workspace: row.workspace,
        kind,
        event: row.event,
    };
    let attempts = u32::try_from(row.attempts).unwrap_or(0);
    Ok(Some(ProviderEvent { key, state, attempts, metadata, created_at: row.created_at.into(), updated_at: row.updated_at.into() }))
}

/// A state as it stands in columns.
#[derive(Default)]
struct Columns<'a> {
    claimed_by: Option<&'a str>,
    claim_expires_at: Option<OffsetDateTime>,
    retryable: Option<bool>,
    last_error: Option<&'a str>,
    processed_at: Option<OffsetDateTime>,
}

impl<'a> Columns<'a> {
    fn of(state: &'a ProviderEventState) -> Self {
        let none = Self::default();
        match state {
            ProviderEventState::Received => none,
            ProviderEventState::Processing(claim) => {
                Self { claimed_by: Some(&claim.by), claim_expires_at: Some(instant(claim.until)), ..none }
            }
            ProviderEventState::Processed { at } => Self { processed_at: Some(instant(*at)), ..none },
            ProviderEventState::Failed { retryable, error } => Self { retryable: Some(*retryable), last_error: error.as_deref(), ..none },
        }
    }
}

fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
