//! `POST /api/billing/checkout` (contract 03 §2).

use super::{plain_url::plain_url, refusal};
use crate::{
    billing::{CheckoutRequest, Provider, Stripe, stub_checkout},
    http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use cowork_domain::billing::Plan;
use serde_json::{Value, json};

/// Subscribe the organisation to a plan.
///
/// The answer leads to the payment provider's page. The subscription begins when the provider says that it was paid for; with
/// the provider `stub` it begins at once.
#[utoipa::path(post, path = "/api/billing/checkout", operation_id = "beginCheckout", tag = "administration",
    request_body(content = Value, example = json!({"planKey": "starter", "successUrl": "https://app.example/paid", "cancelUrl": "https://app.example/"})),
    responses(
        (status = 200, description = "Where to pay", body = Value, example = json!({
            "providerId": "stripe", "providerSessionId": "cs_1", "url": "https://checkout.stripe.com/c/pay/cs_1"})),
        (status = 400, description = "No such plan, no price for it, or no page to come back to", body = ErrorBody,
            example = json!({"error": "Unknown billing plan \"gold\".", "code": "request.invalid_field"})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The deployment doesn't bill", body = ErrorBody,
            example = json!({"error": "Billing is not enabled for this cloud deployment.", "code": "billing.disabled"})),
        (status = 502, description = "The payment provider refused", body = ErrorBody),
        (status = 503, description = "The payment provider can't be asked", body = ErrorBody,
            example = json!({"error": "The billing provider is unavailable. Try again.", "code": "billing.provider_unavailable", "retryAfterMs": 5000})),
    ))]
pub(super) async fn checkout(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let provider = refusal::provider(&state)?;
    let plans = &state.billing.options().plans;
    let plan = match body.fields.text("planKey") {
        Some(key) => plans.get(key).ok_or_else(|| ApiError::invalid(format!("Unknown billing plan \"{}\".", shortened(key))))?,
        None => plans.default_plan(),
    };
    let answer = match provider {
        Provider::Stub => at_once(&state, &caller, plan).await?,
        Provider::Stripe(stripe) => on_a_page(&state, &caller, stripe, plan, &body).await?,
    };
    let by = mandate::of(&state, &caller);
    state.node.store().record_checkout(&caller.principal().org_id, &plan.key, provider.name(), &by).await?;
    Ok(Json::of(&answer))
}

async fn at_once(state: &HttpState, caller: &Caller, plan: &Plan) -> Result<Value, ApiError> {
    let principal = caller.principal();
    let org = &principal.org_id;
    let edit = stub_checkout(org, &principal.account_id, &plan.key);
    let changed = state.node.store().change_subscription(edit, &state.billing.options().plans, &mandate::of(state, caller)).await?;
    state.billing.forget(org);
    let subscription = changed.ok_or_else(|| ApiError::not_found("Cloud org was not found."))?;
    Ok(json!({
        "providerId": "stub",
        "providerSessionId": format!("stub_checkout_{org}_{}", plan.key),
        "url": address("https://billing.local/checkout", &[("orgId", org.as_str()), ("plan", &plan.key)]),
        "subscription": subscription.terms.shown(),
    }))
}

async fn on_a_page(state: &HttpState, caller: &Caller, stripe: &Stripe, plan: &Plan, body: &JsonBody) -> Result<Value, ApiError> {
    let price = plan.price.as_deref().ok_or_else(|| ApiError::invalid(format!("Billing plan \"{}\" has no price.", plan.key)))?;
    let success = plain_url(&body.fields, "successUrl")?.or(stripe.options().success_url.as_deref());
    let cancel = plain_url(&body.fields, "cancelUrl")?.or(stripe.options().cancel_url.as_deref());
    let (Some(success_url), Some(cancel_url)) = (success, cancel) else {
        return Err(ApiError::invalid("Billing checkout requires successUrl and cancelUrl."));
    };
    let org = &caller.principal().org_id;
    let subscription = state.billing.subscription(org).await?;
    let customer = subscription.as_ref().and_then(|subscription| subscription.terms.customer.as_deref());
    let nonce = state.node.clock().nonce();
    let wanted = CheckoutRequest { org, customer, plan: &plan.key, price, success_url, cancel_url, nonce: &nonce };
    let page = stripe.checkout(&wanted).await?;
    Ok(json!({ "providerId": "stripe", "providerSessionId": page.id, "url": page.url }))
}

/// An address with a query.
pub(super) fn address(page: &str, query: &[(&str, &str)]) -> String {
    let mut address = reqwest::Url::parse(page).expect("pages are addresses");
    address.query_pairs_mut().extend_pairs(query);
    address.into()
}

/// What a client sent comes back in an error as far as a name may be long.
fn shortened(key: &str) -> String {
    key.chars().take(100).collect()
}
