//! News of a subscription, and what becomes of the stored one.

use super::{Entitlements, Plans, Subscription, SubscriptionStatus, SubscriptionTerms};
use crate::{ids::OrgId, timestamp::Timestamp};
use serde_json::Value;

/// What a provider tells. What it leaves out stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionEdit {
    /// Whose subscription it is.
    pub org: OrgId,
    /// Who tells it.
    pub provider: &'static str,
    /// The plan's key.
    pub plan: Option<String>,
    /// The organisation at the provider.
    pub customer: Option<String>,
    /// The subscription at the provider.
    pub subscription: Option<String>,
    /// Whether it is paid for.
    pub status: SubscriptionStatus,
    /// How many people it is for.
    pub seats: Option<u32>,
    /// What is paid for ends then.
    pub current_period_end: Option<Timestamp>,
    /// Whether it ends with that.
    pub cancel_at_period_end: Option<bool>,
    /// Where the news come from; an object.
    pub metadata: Value,
    /// When the provider knew it.
    pub told_at: Option<Timestamp>,
}

impl SubscriptionEdit {
    /// The terms from now on, or none where these news change nothing: older than what is known, or about the end of another
    /// subscription than the one that is paid for.
    pub fn apply(self, before: Option<&Subscription>, plans: &Plans) -> Option<SubscriptionTerms> {
        // Another provider's subscription is nothing to go on from.
        let before = before.map(|before| &before.terms).filter(|before| before.provider == self.provider);
        if before.is_some_and(|before| self.is_overtaken_by(before)) {
            return None;
        }
        let kept = |of: fn(&SubscriptionTerms) -> &Option<String>| before.and_then(|before| of(before).clone());
        let plan = self.plan.or_else(|| before.map(|before| before.plan.clone())).unwrap_or_else(|| plans.default_plan().key.clone());
        let entitlements = match (plans.get(&plan), before) {
            (Some(plan), _) => plan.entitlements.clone(),
            (None, Some(before)) if before.plan == plan => before.entitlements.clone(),
            (None, _) => Entitlements::default(),
        };
        Some(SubscriptionTerms {
            org: self.org,
            plan,
            provider: self.provider.to_owned(),
            customer: self.customer.or_else(|| kept(|before| &before.customer)),
            subscription: self.subscription.or_else(|| kept(|before| &before.subscription)),
            status: self.status,
            seats: self.seats.or_else(|| before.map(|before| before.seats)).unwrap_or(1),
            entitlements,
            current_period_end: self.current_period_end.or_else(|| before.and_then(|before| before.current_period_end)),
            cancel_at_period_end: self.cancel_at_period_end.or_else(|| before.map(|before| before.cancel_at_period_end)).unwrap_or(false),
            metadata: self.metadata,
            told_at: self.told_at.or_else(|| before.and_then(|before| before.told_at)),
        })
    }

    fn is_overtaken_by(&self, before: &SubscriptionTerms) -> bool {
        let is_another = matches!((&self.subscription, &before.subscription), (Some(new), Some(old)) if new != old);
        if is_another {
            return before.status.is_active() && !self.status.is_active();
        }
        matches!((self.told_at, before.told_at), (Some(new), Some(old)) if new < old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plans() -> Plans {
        let described = json!({"starter": {"entitlements": {"maxPromptsPerHour": 2}}, "pro": {}});
        Plans::read(Some(&described), "starter", None).expect("plans")
    }

    fn told(subscription: Option<&str>, status: &str, second: i64) -> SubscriptionEdit {
        SubscriptionEdit {
            org: OrgId::new("acme"),
            provider: "stripe",
            plan: None,
            customer: None,
            subscription: subscription.map(str::to_owned),
            status: SubscriptionStatus::read(status),
            seats: None,
            current_period_end: None,
            cancel_at_period_end: None,
            metadata: json!({}),
            told_at: Some(Timestamp::from_millis(second * 1000)),
        }
    }

    fn stored(terms: SubscriptionTerms) -> Subscription {
        let at = Timestamp::from_millis(0);
        Subscription { terms, created_at: at, updated_at: at }
    }

    #[test]
    fn what_is_left_out_stays_and_a_first_subscription_has_the_default_plan() {
        let first = SubscriptionEdit { seats: Some(7), customer: Some("cus_1".into()), ..told(Some("sub_1"), "active", 10) };
        let first = first.apply(None, &plans()).expect("news");
        assert_eq!((first.plan.as_str(), first.seats, first.entitlements.stored()["maxPromptsPerHour"].as_u64()), ("starter", 7, Some(2)));
        let upgraded = SubscriptionEdit { plan: Some("pro".into()), ..told(None, "active", 11) }.apply(Some(&stored(first)), &plans());
        let upgraded = upgraded.expect("news");
        assert_eq!((upgraded.plan.as_str(), upgraded.seats, upgraded.customer.as_deref()), ("pro", 7, Some("cus_1")));
        assert_eq!((upgraded.entitlements, upgraded.subscription.as_deref()), (Entitlements::default(), Some("sub_1")));
    }

    #[test]
    fn news_that_come_late_change_nothing() {
        let canceled = stored(told(Some("sub_1"), "canceled", 20).apply(None, &plans()).expect("news"));
        assert_eq!(told(Some("sub_1"), "active", 19).apply(Some(&canceled), &plans()), None, "it was known before it ended");
        assert!(told(Some("sub_1"), "active", 20).apply(Some(&canceled), &plans()).is_some(), "the same second may be later");
        assert!(told(Some("sub_2"), "active", 19).apply(Some(&canceled), &plans()).is_some(), "another one began");
        let active = stored(told(Some("sub_2"), "active", 30).apply(None, &plans()).expect("news"));
        assert_eq!(told(Some("sub_1"), "canceled", 31).apply(Some(&active), &plans()), None, "the former one ended");
        assert!(told(Some("sub_2"), "past_due", 31).apply(Some(&active), &plans()).is_some());
    }

    #[test]
    fn what_another_provider_said_does_not_count() {
        let stub = SubscriptionEdit { provider: "stub", plan: Some("pro".into()), ..told(Some("sub_9"), "active", 50) };
        let stub = stored(stub.apply(None, &plans()).expect("news"));
        let taken = told(Some("sub_1"), "canceled", 20).apply(Some(&stub), &plans()).expect("news");
        assert_eq!((taken.plan.as_str(), taken.status), ("starter", SubscriptionStatus::Canceled));
    }
}
