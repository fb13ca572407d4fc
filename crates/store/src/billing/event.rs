//! News by webhook: each is taken in once, whole or not at all.

use super::{
    change::{change, lock, target},
    row::read,
};
use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow},
    billing::{Plans, Subscription, SubscriptionEdit},
    timestamp::Timestamp,
};
use serde_json::json;
use std::time::Duration;

/// One webhook.
#[derive(Debug, Clone)]
pub struct BillingEvent<'a> {
    /// Who sent it.
    pub provider: &'a str,
    /// The provider's id of it, or one that follows from its body.
    pub id: &'a str,
    /// Whether the id is the provider's: the same body may be sent again, and mean it.
    pub has_own_id: bool,
    /// What kind of news it is.
    pub kind: &'a str,
    /// When it came.
    pub at: Timestamp,
}

/// The same id of the same provider is the same news for this long: longer than providers try.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);
/// And this long where the id was made from the body.
const REMEMBERED_BODY: Duration = Duration::from_secs(5 * 60);

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum BillingNews {
    /// It was taken in; this is the subscription now.
    TakenIn(Option<Box<Subscription>>),
    /// It was taken in before.
    Replayed,
    /// It is about an organisation that doesn't exist. Nothing is kept of it, so it may come again.
    NoSuchOrg,
}

impl Store {
    /// Takes in a webhook, unless it was taken in before.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn take_in_billing_event(
        &self,
        event: &BillingEvent<'_>,
        edit: SubscriptionEdit,
        plans: &Plans,
    ) -> Result<BillingNews, StoreError> {
        let org = edit.org.clone();
        let mut transaction = self.pool.begin().await?;
        if !lock(&mut transaction, &org).await? {
            return Ok(BillingNews::NoSuchOrg);
        }
        let remembered = if event.has_own_id { REMEMBERED } else { REMEMBERED_BODY };
        sqlx::query!("delete from billing_events where received_at < now() - make_interval(secs => $1)", REMEMBERED.as_secs_f64())
            .execute(&mut *transaction)
            .await?;
        let noted = sqlx::query!(
            "insert into billing_events as e (provider, event) values ($1, $2)
             on conflict (provider, event) do update set received_at = now() where e.received_at < now() - make_interval(secs => $3)",
            event.provider,
            event.id,
            remembered.as_secs_f64()
        )
        .execute(&mut *transaction)
        .await?;
        if noted.rows_affected() == 0 {
            return Ok(BillingNews::Replayed);
        }
        // The same news again are the same rows, even where the event itself was forgotten.
        let mut cause = format!("billing_{}_{}", event.provider, event.id);
        if !event.has_own_id {
            cause = format!("{cause}_{}", event.at.as_millis());
        }
        let audit = |action, metadata| AuditRow::by_system(&org, "billing.webhook", &cause, action, &target(&org), metadata, event.at);
        let before = read(&mut transaction, &org).await?;
        let subscription = change(&mut transaction, edit, plans, |action, _, metadata| audit(action, metadata)).await?;
        let is_news = before != subscription;
        let metadata = json!({ "provider": event.provider, "event": event.id, "eventType": event.kind, "result": if is_news { "changed" } else { "unchanged" } });
        write_audit(&mut transaction, &[audit(AuditAction::BillingWebhookProcessed, metadata)]).await?;
        transaction.commit().await?;
        if is_news {
            self.announce_orgs().await;
        }
        Ok(BillingNews::TakenIn(subscription.map(Box::new)))
    }
}
