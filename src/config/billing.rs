//! Billing and entitlements: known and validated, without effect in this version.

use super::setting::{Kind, Setting};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("BILLING_ENABLED", Kind::Flag, "gate features by subscription").or("false").file("billing.enabled").later(),
    Setting::new("BILLING_PROVIDER", Kind::Choice(&["none", "stub", "stripe"]), "who bills").or("none").file("billing.provider").later(),
    Setting::new("BILLING_DEFAULT_PLAN", Kind::Text, "plan of organisations without a subscription")
        .or("self-host")
        .file("billing.defaultPlan")
        .later(),
    Setting::new("STRIPE_API_KEY", Kind::Secret, "Stripe API key").later(),
    Setting::new("STRIPE_API_KEY_REF", Kind::SecretRef, "where to read the Stripe API key").later(),
    Setting::new("STRIPE_WEBHOOK_SECRET", Kind::Secret, "signs Stripe's webhooks").later(),
    Setting::new("STRIPE_WEBHOOK_SECRET_REF", Kind::SecretRef, "where to read that secret").later(),
    Setting::new("STRIPE_PRICE_ID", Kind::Text, "price to subscribe to").later(),
    Setting::new("STRIPE_SUCCESS_URL", Kind::Url, "where Stripe sends people after a payment").later(),
    Setting::new("STRIPE_CANCEL_URL", Kind::Url, "where Stripe sends people who cancel").later(),
    Setting::new("STRIPE_PORTAL_RETURN_URL", Kind::Url, "where Stripe's portal sends people back to").later(),
    Setting::new("ENTITLEMENTS_ENABLED", Kind::Flag, "gate features by entitlements").or("false").file("entitlements.enabled").later(),
    Setting::new("ENTITLEMENTS_PROVIDER", Kind::Choice(&["none", "stripe", "custom"]), "who grants entitlements")
        .or("none")
        .file("entitlements.provider")
        .later(),
];
