//! What an organisation subscribed to, as its payment provider told it.

use super::{Entitlements, Plans};
use crate::{ids::OrgId, timestamp::Timestamp};
use serde_json::{Value, json};

/// Whether it is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// Not yet, and it need not be.
    Trialing,
    /// It is.
    Active,
    /// A payment failed.
    PastDue,
    /// It ended.
    Canceled,
    /// Its first payment is not there.
    Incomplete,
    /// Another word of the provider's; as good as not paid for.
    Other(String),
}

impl SubscriptionStatus {
    /// Reads a word, whatever it is.
    pub fn read(word: &str) -> Self {
        match word {
            "trialing" => Self::Trialing,
            "active" => Self::Active,
            "past_due" => Self::PastDue,
            "canceled" => Self::Canceled,
            "incomplete" => Self::Incomplete,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::Other(word) => word,
        }
    }

    /// Whether new work may begin.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active | Self::Trialing)
    }
}

/// What the provider said last.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionTerms {
    /// Whose it is.
    pub org: OrgId,
    /// The plan's key; the plan need not be there any more.
    pub plan: String,
    /// Who is paid: `stub` or `stripe`.
    pub provider: String,
    /// The organisation there.
    pub customer: Option<String>,
    /// The subscription there.
    pub subscription: Option<String>,
    /// Whether it is paid for.
    pub status: SubscriptionStatus,
    /// How many people it is for.
    pub seats: u32,
    /// What the plan included when it was told.
    pub entitlements: Entitlements,
    /// What is paid for ends then.
    pub current_period_end: Option<Timestamp>,
    /// Whether it ends with that.
    pub cancel_at_period_end: bool,
    /// Where it comes from; an object.
    pub metadata: Value,
    /// When the provider knew it, where that is told: news don't always come in order.
    pub told_at: Option<Timestamp>,
}

/// A subscription as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// What the provider said last.
    pub terms: SubscriptionTerms,
    /// When the organisation first had one.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl SubscriptionTerms {
    /// What it includes: the plan as it is sold now, and what it was where it is not sold any more.
    pub fn entitlements<'a>(&'a self, plans: &'a Plans) -> &'a Entitlements {
        plans.get(&self.plan).map_or(&self.entitlements, |plan| &plan.entitlements)
    }

    /// As the contract shows it, without dates: so the stub's checkout does.
    pub fn shown(&self) -> Value {
        json!({
            "orgId": self.org, "planKey": self.plan, "providerId": self.provider, "providerCustomerId": self.customer,
            "providerSubscriptionId": self.subscription, "status": self.status.as_str(), "seats": self.seats,
            "entitlements": self.entitlements.shown(), "metadata": self.metadata,
        })
    }
}

impl Subscription {
    /// As the contract shows it.
    pub fn shown(&self) -> Value {
        let mut shown = self.terms.shown();
        shown["currentPeriodEnd"] = json!(self.terms.current_period_end);
        shown["cancelAtPeriodEnd"] = self.terms.cancel_at_period_end.into();
        shown["createdAt"] = json!(self.created_at);
        shown["updatedAt"] = json!(self.updated_at);
        shown
    }
}
