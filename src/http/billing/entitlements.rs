//! `GET /api/billing/entitlements` (contract 03 §2).

use crate::{
    billing::Provider,
    http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use cowork_domain::billing::{Entitlements, PlanFeature, PlanLimit, Subscription};
use serde_json::{Value, json};

/// Read what clients offer because the organisation's plan includes it.
///
/// Only with `OPEN_COWORK_CLOUD_ENTITLEMENTS_ENABLED` it follows the subscription; otherwise it says that everything may be
/// offered. What is refused is refused in any case where it is asked for, with a code.
#[utoipa::path(get, path = "/api/billing/entitlements", operation_id = "readEntitlements", tag = "administration",
    responses(
        (status = 200, description = "What may be offered", body = Value, example = json!({
            "provider": "none", "gatingEnabled": false, "billingEnabled": false, "planKey": null, "planLabel": null,
            "subscriptionStatus": null, "seats": null, "features": {"sessions": true, "prompts": true, "workers": true,
            "workflows": true, "artifacts": true, "byok": true, "channels": true}, "limits": {}})),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let options = state.billing.options();
    let Some(provider) = options.provider.as_ref().filter(|_| options.shows_entitlements) else { return Ok(Json::of(&everything())) };
    let subscription = state.billing.subscription(&caller.principal().org_id).await?;
    let plan = subscription.as_deref().map(|subscription| state.billing.entitlements(subscription));
    let label =
        subscription.as_deref().and_then(|subscription| options.plans.get(&subscription.terms.plan)).map(|plan| plan.label.as_str());
    Ok(Json::of(&granted(provider, subscription.as_deref(), plan, label)))
}

fn everything() -> Value {
    json!({
        "provider": "none", "gatingEnabled": false, "billingEnabled": false, "planKey": null, "planLabel": null, "subscriptionStatus": null,
        "seats": null, "features": features(Some(&Entitlements::default())), "limits": {},
    })
}

fn granted(provider: &Provider, subscription: Option<&Subscription>, plan: Option<&Entitlements>, label: Option<&str>) -> Value {
    let terms = subscription.map(|subscription| &subscription.terms);
    let is_active = terms.is_some_and(|terms| terms.status.is_active());
    let limits = plan.map_or_else(
        || json!({}),
        |plan| {
            let most = |limit| plan.limits.over(limit, None);
            json!({
                "seats": terms.map(|terms| terms.seats),
                "concurrent_sessions": most(PlanLimit::ConcurrentSessions),
                "concurrent_workflow_runs": most(PlanLimit::ConcurrentWorkflowRuns),
                "active_workers": most(PlanLimit::ActiveWorkers),
            })
        },
    );
    json!({
        "provider": provider.name(), "gatingEnabled": true, "billingEnabled": true, "planKey": terms.map(|terms| &terms.plan),
        "planLabel": label, "subscriptionStatus": terms.map(|terms| terms.status.as_str()), "seats": terms.map(|terms| terms.seats),
        "features": features(plan.filter(|_| is_active)), "limits": limits,
    })
}

/// Without a plan that is paid for, nothing.
fn features(plan: Option<&Entitlements>) -> Value {
    let with = |feature, is_allowed: fn(&Entitlements) -> bool| plan.is_some_and(|plan| plan.includes(feature) && is_allowed(plan));
    json!({
        "sessions": with(PlanFeature::Chat, |plan| plan.allow_new_sessions),
        "prompts": with(PlanFeature::Chat, |plan| plan.allow_prompts),
        "workers": with(PlanFeature::Workflows, |plan| plan.allow_workers),
        "workflows": with(PlanFeature::Workflows, |_| true),
        "artifacts": with(PlanFeature::Artifacts, |_| true),
        "byok": with(PlanFeature::Byok, |_| true),
        "channels": with(PlanFeature::Channels, |_| true),
    })
}
