//! A subscription as it stands in its table.

use crate::{Store, StoreError};
use cowork_domain::{
    billing::{Entitlements, Subscription, SubscriptionStatus, SubscriptionTerms},
    ids::OrgId,
};
use sqlx::PgConnection;

impl Store {
    /// The subscription of an organisation, if it has one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn subscription(&self, org: &OrgId) -> Result<Option<Subscription>, StoreError> {
        read(&mut *self.pool.acquire().await?, org).await
    }
}

pub(super) async fn read(connection: &mut PgConnection, org: &OrgId) -> Result<Option<Subscription>, StoreError> {
    let row = sqlx::query!(
        "select plan, provider, provider_customer, provider_subscription, status, seats, entitlements, current_period_end,
                cancel_at_period_end, metadata, told_at, created_at, updated_at
           from billing_subscriptions where org = $1",
        org.as_str()
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let entitlements = Entitlements::read(&row.entitlements);
    let terms = SubscriptionTerms {
        org: org.clone(),
        plan: row.plan,
        provider: row.provider,
        customer: row.provider_customer,
        subscription: row.provider_subscription,
        status: SubscriptionStatus::read(&row.status),
        seats: u32::try_from(row.seats).unwrap_or_default(),
        entitlements: entitlements.map_err(|error| StoreError::inconsistent("billing_subscriptions", org, error.to_string()))?,
        current_period_end: row.current_period_end.map(Into::into),
        cancel_at_period_end: row.cancel_at_period_end,
        metadata: row.metadata,
        told_at: row.told_at.map(Into::into),
    };
    Ok(Some(Subscription { terms, created_at: row.created_at.into(), updated_at: row.updated_at.into() }))
}

pub(super) async fn write(connection: &mut PgConnection, terms: &SubscriptionTerms) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into billing_subscriptions (org, plan, provider, provider_customer, provider_subscription, status, seats, entitlements,
                                            current_period_end, cancel_at_period_end, metadata, told_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (org) do update set
                plan = $2, provider = $3, provider_customer = $4, provider_subscription = $5, status = $6, seats = $7, entitlements = $8,
                current_period_end = $9, cancel_at_period_end = $10, metadata = $11, told_at = $12, updated_at = now()",
        terms.org.as_str(),
        terms.plan,
        terms.provider,
        terms.customer,
        terms.subscription,
        terms.status.as_str(),
        i32::try_from(terms.seats).unwrap_or(i32::MAX),
        terms.entitlements.stored(),
        terms.current_period_end.map(time::OffsetDateTime::from),
        terms.cancel_at_period_end,
        terms.metadata,
        terms.told_at.map(time::OffsetDateTime::from)
    )
    .execute(connection)
    .await?;
    Ok(())
}
