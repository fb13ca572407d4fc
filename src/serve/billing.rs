//! Who bills, as the configuration says it.

use crate::{
    billing::{BillingOptions, Provider, Stripe, StripeOptions, WebhookSecret},
    config::{
        Config,
        billing::{BillingProvider, StripeConfig},
        cluster::Tier,
    },
};
use anyhow::Context;
use cowork_actors::BillingRules;
use cowork_domain::secret::Secret;
use std::sync::Arc;

/// What the front door bills with.
pub(super) fn options(config: &Config) -> anyhow::Result<BillingOptions> {
    let billing = &config.billing;
    let provider = match &billing.provider {
        // Only the front door asks anybody for anything.
        Some(_) if !config.cluster.role.serves_clients() => None,
        Some(BillingProvider::Stub) => Some(Provider::Stub),
        Some(BillingProvider::Stripe(stripe)) => Some(Provider::Stripe(Arc::new(connect(stripe)?))),
        None => None,
    };
    Ok(BillingOptions {
        // Elsewhere than on somebody's own machine, anybody could give any organisation a plan, or take it away.
        takes_unsigned: matches!(provider, Some(Provider::Stub)) && config.cluster.tier == Tier::Local,
        provider,
        plans: Arc::new(billing.plans.clone()),
        webhook_secret: billing.webhook_secret.as_ref().map(|secret| WebhookSecret::new(secret.expose())),
        shows_entitlements: billing.shows_entitlements,
        enforces_limits: config.abuse.enabled,
    })
}

fn connect(stripe: &StripeConfig) -> anyhow::Result<Stripe> {
    let options = StripeOptions {
        api_url: stripe.api_url.clone(),
        api_key: Secret::new(stripe.api_key.as_ref().context("a start rule asks for the API key")?.expose().clone()),
        success_url: stripe.success_url.clone(),
        cancel_url: stripe.cancel_url.clone(),
        portal_return_url: stripe.portal_return_url.clone(),
    };
    Stripe::connect(options).context("no connection to the payment provider can be made")
}

/// What whoever admits and begins work has to know; nothing where nobody bills.
pub(super) fn rules(config: &Config) -> Option<BillingRules> {
    let provider = match config.billing.provider.as_ref()? {
        BillingProvider::Stub => "stub",
        BillingProvider::Stripe(_) => "stripe",
    };
    Some(BillingRules { provider, plans: Arc::new(config.billing.plans.clone()), enforces_limits: config.abuse.enabled })
}
