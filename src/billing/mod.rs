//! Who bills, and what organisations may begin because they pay (contract 03 §2).
//!
//! The rules are the domain's; here is what they are asked with: the subscriptions, as far as a node remembers them, and the
//! payment providers behind them. Where billing is off nothing is asked and nothing is read.

mod news;
mod stripe;
mod stub;
mod subscriptions;
mod webhook_signature;

pub use news::{News, NewsMalformed};
pub use stripe::{CheckoutRequest, Stripe, StripeError, StripeOptions};
pub use webhook_signature::WebhookSecret;

use cowork_domain::{
    billing::{BillingAction, BillingRefusal, Entitlements, PlanLimit, Plans, Subscription, evaluate},
    ids::OrgId,
};
use cowork_store::{Store, StoreError};
use serde_json::{Map, Value};
use std::sync::Arc;
use subscriptions::Subscriptions;

pub(crate) use stub::checkout_edit as stub_checkout;

/// How a deployment bills.
#[derive(Debug, Clone, Default)]
pub struct BillingOptions {
    /// Who bills; nobody where billing is off.
    pub provider: Option<Provider>,
    /// What is sold.
    pub plans: Arc<Plans>,
    /// What webhooks are signed with.
    pub webhook_secret: Option<WebhookSecret>,
    /// Whether webhooks are taken without a signature, as the stub's are on somebody's own machine.
    pub takes_unsigned: bool,
    /// Whether `/api/billing/entitlements` shows the subscription.
    pub shows_entitlements: bool,
    /// Whether quotas are enforced at all: only then do a plan's limits count.
    pub enforces_limits: bool,
}

/// Who bills.
#[derive(Debug, Clone)]
pub enum Provider {
    /// Nobody really: a checkout is paid for as soon as it begins.
    Stub,
    /// Stripe.
    Stripe(Arc<Stripe>),
}

impl Provider {
    /// The name on the wire, in the database and in the audit log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stub => "stub",
            Self::Stripe(_) => "stripe",
        }
    }

    /// Reads a webhook's body, which is genuine. `generated` is the id of news that have none.
    pub fn read(&self, fields: &Map<String, Value>, plans: &Plans, generated: &str) -> Result<News, NewsMalformed> {
        match self {
            Self::Stub => stub::read(fields, generated),
            Self::Stripe(_) => stripe::read_event(fields, plans, generated),
        }
    }
}

/// What a node knows of subscriptions.
pub(crate) struct Billing {
    options: BillingOptions,
    subscriptions: Subscriptions,
}

/// Why something may not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPaidFor {
    #[error(transparent)]
    Refused(#[from] BillingRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Billing {
    pub(crate) fn new(options: BillingOptions, store: Store) -> Self {
        Self { options, subscriptions: Subscriptions::new(store) }
    }

    pub(crate) const fn options(&self) -> &BillingOptions {
        &self.options
    }

    /// Whether anybody bills.
    pub(crate) const fn is_on(&self) -> bool {
        self.options.provider.is_some()
    }

    /// Whether an organisation may begin something. Asks nobody where billing is off.
    pub(crate) async fn require(&self, org: &OrgId, action: BillingAction<'_>) -> Result<(), NotPaidFor> {
        if !self.is_on() {
            return Ok(());
        }
        Ok(self.judge(self.subscription(org).await?.as_deref(), action)?)
    }

    /// The same where the subscription is known.
    pub(crate) fn judge(&self, subscription: Option<&Subscription>, action: BillingAction<'_>) -> Result<(), BillingRefusal> {
        if !self.is_on() {
            return Ok(());
        }
        evaluate(action, subscription.map(|subscription| (&subscription.terms.status, self.entitlements(subscription))))
    }

    /// The subscription of an organisation with the provider of now: what another one told doesn't count any more.
    pub(crate) async fn subscription(&self, org: &OrgId) -> Result<Option<Arc<Subscription>>, StoreError> {
        let Some(provider) = &self.options.provider else { return Ok(None) };
        let found = self.subscriptions.of(org).await?;
        Ok(found.filter(|found| found.terms.provider == provider.name()))
    }

    /// What a subscription includes.
    pub(crate) fn entitlements<'a>(&'a self, subscription: &'a Subscription) -> &'a Entitlements {
        subscription.terms.entitlements(&self.options.plans)
    }

    /// How much an organisation may have of something, of which the deployment gives everybody `configured`.
    pub(crate) async fn limit(&self, org: &OrgId, limit: PlanLimit, configured: Option<u64>) -> Result<Option<u64>, StoreError> {
        if !self.options.enforces_limits {
            return Ok(configured);
        }
        let subscription = self.subscription(org).await?.filter(|subscription| subscription.terms.status.is_active());
        Ok(subscription.map_or(configured, |subscription| self.entitlements(&subscription).limits.over(limit, configured)))
    }

    /// The next question about an organisation asks the database: its subscription changed here.
    pub(crate) fn forget(&self, org: &OrgId) {
        self.subscriptions.forget(org);
    }
}
