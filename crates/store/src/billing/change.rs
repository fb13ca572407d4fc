//! How a subscription changes: whole, by one at a time, and with its row in the audit log.

use super::row::{read, write};
use crate::{Mandate, Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    billing::{Plans, Subscription, SubscriptionEdit, SubscriptionTerms},
    ids::OrgId,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

impl Store {
    /// Takes in what somebody's checkout led to, where the provider tells it at once. None: there is no such organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_subscription(
        &self,
        edit: SubscriptionEdit,
        plans: &Plans,
        by: &Mandate,
    ) -> Result<Option<Subscription>, StoreError> {
        let org = edit.org.clone();
        let mut transaction = self.pool.begin().await?;
        if !lock(&mut transaction, &org).await? {
            return Ok(None);
        }
        let rows = |action, target: &AuditTarget, metadata| by.row(&org, action, target, metadata);
        let subscription = change(&mut transaction, edit, plans, rows).await?;
        transaction.commit().await?;
        self.announce_orgs().await;
        Ok(subscription)
    }

    /// Notes that somebody began a checkout at the payment provider.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn record_checkout(&self, org: &OrgId, plan: &str, provider: &str, by: &Mandate) -> Result<(), StoreError> {
        let metadata = json!({ "plan": plan, "provider": provider });
        self.record_audit(&[by.row(org, AuditAction::BillingCheckoutCreated, &target(org), metadata)]).await
    }
}

/// Keeps others from changing the organisation's subscription at the same time, also one that is not there yet. False: there is
/// no such organisation.
pub(super) async fn lock(connection: &mut PgConnection, org: &OrgId) -> Result<bool, StoreError> {
    let found = sqlx::query!("select org from orgs where org = $1 for no key update", org.as_str()).fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// Applies news to a locked subscription; returns what it is then.
pub(super) async fn change(
    connection: &mut PgConnection,
    edit: SubscriptionEdit,
    plans: &Plans,
    audit: impl Fn(AuditAction, &AuditTarget, Value) -> AuditRow,
) -> Result<Option<Subscription>, StoreError> {
    let org = edit.org.clone();
    let before = read(connection, &org).await?;
    let Some(terms) = edit.apply(before.as_ref(), plans) else { return Ok(before) };
    write(connection, &terms).await?;
    let action = if before.is_some() { AuditAction::BillingSubscriptionUpdated } else { AuditAction::BillingSubscriptionCreated };
    write_audit(connection, &[audit(action, &target(&org), told(&terms))]).await?;
    read(connection, &org).await
}

pub(super) fn target(org: &OrgId) -> AuditTarget {
    AuditTarget::new("billing_subscription", org.as_str())
}

fn told(terms: &SubscriptionTerms) -> Value {
    json!({ "plan": terms.plan, "provider": terms.provider, "status": terms.status.as_str(), "seats": terms.seats })
}
