//! Half a billing is none.

use super::{assert_refused, load, problems};
use crate::config::billing::BillingProvider;

const ON: (&str, &str) = ("OPEN_COWORK_CLOUD_BILLING_ENABLED", "true");
const STUB: (&str, &str) = ("OPEN_COWORK_CLOUD_BILLING_PROVIDER", "stub");
const STRIPE: (&str, &str) = ("OPEN_COWORK_CLOUD_BILLING_PROVIDER", "stripe");
const KEY: (&str, &str) = ("OPEN_COWORK_CLOUD_STRIPE_API_KEY", "sk_live_hunter2");
const HOOK: (&str, &str) = ("OPEN_COWORK_CLOUD_STRIPE_WEBHOOK_SECRET", "whsec_hunter2");
const PRICE: (&str, &str) = ("OPEN_COWORK_CLOUD_STRIPE_PRICE_ID", "price_1");

#[test]
fn billing_is_off_until_it_is_whole() {
    assert_eq!(load(&[]).unwrap().config.billing.provider, None);
    let named_only = load(&[STUB]).unwrap();
    assert_eq!(named_only.config.billing.provider, None);
    assert!(named_only.warnings.iter().any(|warning| warning.contains("BILLING_PROVIDER has no effect")));
    assert_refused(&[ON], "needs somebody who bills");
    assert_refused(&[ON, STRIPE, HOOK, PRICE], "STRIPE_API_KEY");
    assert_refused(&[ON, STRIPE, KEY, PRICE], "STRIPE_WEBHOOK_SECRET");
    assert_refused(&[ON, STRIPE, KEY, HOOK], "a plan with a price");
    let elsewhere = ("OPEN_COWORK_CLOUD_STRIPE_API_URL", "http://stripe.example");
    assert_refused(&[ON, STRIPE, KEY, HOOK, PRICE, elsewhere], "must be https");
    let whole = load(&[ON, STRIPE, KEY, HOOK, PRICE]).unwrap();
    assert!(matches!(whole.config.billing.provider, Some(BillingProvider::Stripe(_))));
    assert!(!format!("{:?}", whole.config).contains("hunter2"), "a secret shows");
}

#[test]
fn plans_are_read_whole_or_not_at_all() {
    let plans = |text| ("OPEN_COWORK_CLOUD_BILLING_PLANS", text);
    let default = |key| ("OPEN_COWORK_CLOUD_BILLING_DEFAULT_PLAN", key);
    let starter = plans(r#"{"starter": {"label": "Starter", "entitlements": {"maxPromptsPerHour": 2}}}"#);
    assert_refused(&[ON, STUB, default("gold")], "is \"gold\", which is none of the plans");
    assert_refused(&[ON, STUB, starter, default("startr")], "did you mean starter?");
    assert_refused(&[ON, STUB, plans(r#"{"starter": {"entitlements": {"maxPrompts": 2}}}"#)], "maxPrompts is no entitlement");
    let loaded = load(&[ON, STUB, starter, default("starter")]).unwrap();
    assert_eq!(loaded.config.billing.plans.default_plan().label, "Starter");
}

#[test]
fn entitlements_come_from_subscriptions_alone() {
    let shown = ("OPEN_COWORK_CLOUD_ENTITLEMENTS_ENABLED", "true");
    let by = |provider| ("OPEN_COWORK_CLOUD_ENTITLEMENTS_PROVIDER", provider);
    assert_refused(&[shown], "needs OPEN_COWORK_CLOUD_ENTITLEMENTS_PROVIDER=stripe");
    assert_refused(&[shown, by("custom")], "brings no provider of its own");
    assert_refused(&[shown, by("stripe"), ON, STUB], "needs billing by stripe");
    assert_eq!(problems(&[shown, by("stripe"), ON, STRIPE, KEY, HOOK, PRICE]), Vec::<String>::new());
}
