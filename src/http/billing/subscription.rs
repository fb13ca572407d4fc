//! `GET /api/billing/subscription` (contract 03 §2).

use crate::{
    billing::Provider,
    http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use cowork_domain::{billing::BillingAction, ids::OrgId};
use serde_json::{Value, json};

/// Read what the organisation subscribed to, and what there is to subscribe to.
///
/// `active` says whether a session could begin now. `entitlements` are those of the subscription's plan, or of the default plan
/// where there is none. A limit of null is not the plan's: what the deployment is configured to holds.
#[utoipa::path(get, path = "/api/billing/subscription", operation_id = "readSubscription", tag = "administration",
    responses(
        (status = 200, description = "The subscription, and all plans", body = Value, example = json!({
            "enabled": true, "mode": "managed", "providerId": "stripe",
            "subscription": {"orgId": "acme", "planKey": "starter", "providerId": "stripe", "providerCustomerId": "cus_1",
                "providerSubscriptionId": "sub_1", "status": "active", "seats": 1, "entitlements": {"maxPromptsPerHour": 2},
                "currentPeriodEnd": "2026-12-21T18:00:00.000Z", "cancelAtPeriodEnd": false, "metadata": {"source": "stripe_webhook"},
                "createdAt": "2026-11-21T18:00:13.138Z", "updatedAt": "2026-11-21T18:00:13.186Z"},
            "entitlements": {"maxPromptsPerHour": 2}, "active": true,
            "plans": [{"planKey": "starter", "label": "Starter", "default": true, "entitlements": {"maxPromptsPerHour": 2}}]})),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    Ok(Json::of(&shown(&state, &caller.principal().org_id).await?))
}

/// Billing as an organisation sees it.
pub(in crate::http) async fn shown(state: &HttpState, org: &OrgId) -> Result<Value, ApiError> {
    let (billing, options) = (&state.billing, state.billing.options());
    let subscription = billing.subscription(org).await?;
    let entitlements =
        subscription.as_deref().map_or(&options.plans.default_plan().entitlements, |subscription| billing.entitlements(subscription));
    let active = billing.judge(subscription.as_deref(), BillingAction::SessionCreate(&state.options.profile_name)).is_ok();
    let record = subscription.as_ref().map(|subscription| {
        let mut record = subscription.shown();
        record["entitlements"] = entitlements.shown();
        record
    });
    Ok(json!({
        "enabled": options.provider.is_some(),
        "mode": if matches!(options.provider, Some(Provider::Stripe(_))) { "managed" } else { "self-host" },
        "providerId": options.provider.as_ref().map_or("none", Provider::name),
        "subscription": record,
        "entitlements": entitlements.shown(),
        "active": active,
        "plans": options.plans.shown(),
    }))
}
