//! Who bills, for which plans (contract 03 §2). Off by default: then nothing is gated and nothing is read.

use super::cluster::{Role, Tier};
use super::environment::Environment;
use super::network::{host_of, is_loopback_host};
use super::problem::{Findings, suggestion};
use super::secret::Secret;
use super::secret_reference;
use super::setting::{Kind, Setting};
use super::values::Values;
use cowork_domain::billing::{Plans, PlansInvalid};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("BILLING_ENABLED", Kind::Flag, "gate what organisations begin by their subscription").or("false").file("billing.enabled"),
    Setting::new(
        "BILLING_PROVIDER",
        Kind::Choice(&["none", "stub", "stripe"]),
        "who bills; stub gives every organisation the plan that it asks for",
    )
    .or("none")
    .file("billing.provider"),
    Setting::new("BILLING_PLANS", Kind::Json, "plans by key: label, entitlements, and priceId, the plan's price at Stripe")
        .file("billing.plans"),
    Setting::new("BILLING_DEFAULT_PLAN", Kind::Text, "the plan of a checkout that names none").or("self-host").file("billing.defaultPlan"),
    Setting::new("STRIPE_API_KEY", Kind::Secret, "Stripe API key"),
    Setting::new("STRIPE_API_KEY_REF", Kind::SecretRef, "where to read the Stripe API key"),
    Setting::new("STRIPE_API_URL", Kind::Url, "Stripe's API, or what stands in for it").or("https://api.stripe.com"),
    Setting::new("STRIPE_WEBHOOK_SECRET", Kind::Secret, "signs Stripe's webhooks; with it, the stub's must be signed in the same way"),
    Setting::new("STRIPE_WEBHOOK_SECRET_REF", Kind::SecretRef, "where to read that secret"),
    Setting::new("STRIPE_PRICE_ID", Kind::Text, "the default plan's price at Stripe, where the plan names none"),
    Setting::new("STRIPE_SUCCESS_URL", Kind::Url, "where Stripe sends people after a payment, unless the checkout says it"),
    Setting::new("STRIPE_CANCEL_URL", Kind::Url, "where Stripe sends people who cancel, unless the checkout says it"),
    Setting::new("STRIPE_PORTAL_RETURN_URL", Kind::Url, "where Stripe's portal sends people back to, unless the request says it"),
    Setting::new("ENTITLEMENTS_ENABLED", Kind::Flag, "show what the subscription includes under /api/billing/entitlements")
        .or("false")
        .file("entitlements.enabled"),
    Setting::new("ENTITLEMENTS_PROVIDER", Kind::Choice(&["none", "stripe", "custom"]), "who grants entitlements")
        .or("none")
        .file("entitlements.provider"),
];

/// The `billing` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingConfig {
    /// Who bills; nobody where billing is off.
    pub provider: Option<BillingProvider>,
    /// What is sold.
    pub plans: Plans,
    /// What webhooks are signed with. Without it they are refused, but for the stub's on somebody's own machine.
    pub webhook_secret: Option<Secret>,
    /// Whether `/api/billing/entitlements` shows the subscription.
    pub shows_entitlements: bool,
}

/// Who bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingProvider {
    /// Nobody really.
    Stub,
    /// Stripe.
    Stripe(StripeConfig),
}

/// How Stripe is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeConfig {
    /// Proves who we are; absent in roles that never ask.
    pub api_key: Option<Secret>,
    /// Where it is asked, without a slash at the end.
    pub api_url: String,
    /// Where people go after a payment.
    pub success_url: Option<String>,
    /// And when they cancel.
    pub cancel_url: Option<String>,
    /// And from the portal.
    pub portal_return_url: Option<String>,
}

impl BillingConfig {
    pub(super) fn read(values: &Values, environment: &Environment, role: Role, tier: Tier, findings: &mut Findings) -> Self {
        let enabled = values.flag("BILLING_ENABLED");
        let named = values.text("BILLING_PROVIDER").unwrap_or_default();
        let mut config = Self { provider: None, plans: Plans::default(), webhook_secret: None, shows_entitlements: false };
        config.shows_entitlements = entitlements(values, enabled && named == "stripe", findings);
        if !enabled {
            if named != "none" {
                findings.warning("OPEN_COWORK_CLOUD_BILLING_PROVIDER has no effect without OPEN_COWORK_CLOUD_BILLING_ENABLED=true");
            }
            return config;
        }
        config.plans = plans(values, findings);
        if role.serves_clients() {
            config.webhook_secret = secret_reference::resolve(values, environment, "STRIPE_WEBHOOK_SECRET", findings);
        }
        match named.as_str() {
            "stub" => {
                config.provider = Some(BillingProvider::Stub);
                if tier == Tier::PublicProduction {
                    findings.warning("OPEN_COWORK_CLOUD_BILLING_PROVIDER=stub gives every organisation the plan that it asks for");
                }
            }
            "stripe" => config.provider = Some(BillingProvider::Stripe(stripe(values, environment, role, &config, findings))),
            _ => findings.problem(
                "OPEN_COWORK_CLOUD_BILLING_ENABLED=true needs somebody who bills: set OPEN_COWORK_CLOUD_BILLING_PROVIDER to stripe or stub",
            ),
        }
        config
    }
}

/// Plans that can't be read must not become ones that allow everything, so they are a problem that stops the start.
fn plans(values: &Values, findings: &mut Findings) -> Plans {
    let default = values.text("BILLING_DEFAULT_PLAN").unwrap_or_default();
    let described = values.json("BILLING_PLANS");
    let price = values.text("STRIPE_PRICE_ID");
    Plans::read(described, &default, price.as_deref()).unwrap_or_else(|error| {
        findings.problem(match &error {
            PlansInvalid::NoDefault(default) => {
                let keys = described.and_then(serde_json::Value::as_object).into_iter().flat_map(serde_json::Map::keys);
                let near = suggestion(default, keys.map(String::as_str));
                let hint = near.map_or_else(|| "describe it in cloud.billing.plans".to_owned(), |near| format!("did you mean {near}?"));
                format!("OPEN_COWORK_CLOUD_BILLING_DEFAULT_PLAN is \"{default}\", which is none of the plans: {hint}")
            }
            PlansInvalid::Plan { .. } => format!("cloud.billing.plans, {error}"),
        });
        Plans::default()
    })
}

fn stripe(values: &Values, environment: &Environment, role: Role, config: &BillingConfig, findings: &mut Findings) -> StripeConfig {
    let api_url = values.text("STRIPE_API_URL").unwrap_or_default();
    let asks = role.serves_clients();
    let api_key = if asks { secret_reference::resolve(values, environment, "STRIPE_API_KEY", findings) } else { None };
    if asks {
        if api_key.is_none() {
            findings.problem("billing by stripe needs OPEN_COWORK_CLOUD_STRIPE_API_KEY, or OPEN_COWORK_CLOUD_STRIPE_API_KEY_REF");
        }
        if config.webhook_secret.is_none() {
            findings.problem(
                "billing by stripe needs OPEN_COWORK_CLOUD_STRIPE_WEBHOOK_SECRET, or OPEN_COWORK_CLOUD_STRIPE_WEBHOOK_SECRET_REF: \
                 otherwise nobody would learn of payments",
            );
        }
        if config.plans.all().iter().all(|plan| plan.price.is_none()) {
            findings.problem(
                "billing by stripe needs a plan with a price: set OPEN_COWORK_CLOUD_STRIPE_PRICE_ID, or a priceId in cloud.billing.plans",
            );
        }
        if !api_url.starts_with("https://") && !host_of(&api_url).is_some_and(|host| is_loopback_host(&host)) {
            findings.problem("OPEN_COWORK_CLOUD_STRIPE_API_URL must be https: the API key travels there");
        }
    }
    StripeConfig {
        api_key,
        api_url,
        success_url: values.text("STRIPE_SUCCESS_URL"),
        cancel_url: values.text("STRIPE_CANCEL_URL"),
        portal_return_url: values.text("STRIPE_PORTAL_RETURN_URL"),
    }
}

/// Whether entitlements are shown. Subscriptions are the only thing that grants them.
fn entitlements(values: &Values, is_billed_by_stripe: bool, findings: &mut Findings) -> bool {
    if !values.flag("ENTITLEMENTS_ENABLED") {
        return false;
    }
    match values.text("ENTITLEMENTS_PROVIDER").as_deref() {
        Some("stripe") if is_billed_by_stripe => return true,
        Some("stripe") => {
            findings.problem("OPEN_COWORK_CLOUD_ENTITLEMENTS_PROVIDER=stripe needs billing by stripe: set OPEN_COWORK_CLOUD_BILLING_ENABLED=true and OPEN_COWORK_CLOUD_BILLING_PROVIDER=stripe");
        }
        Some("custom") => findings.problem("OPEN_COWORK_CLOUD_ENTITLEMENTS_PROVIDER=custom: this program brings no provider of its own"),
        _ => findings.problem("OPEN_COWORK_CLOUD_ENTITLEMENTS_ENABLED=true needs OPEN_COWORK_CLOUD_ENTITLEMENTS_PROVIDER=stripe"),
    }
    false
}
