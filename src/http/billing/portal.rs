//! `POST /api/billing/portal` (contract 03 §2).

use super::{checkout::address, plain_url::plain_url, refusal};
use crate::{
    billing::Provider,
    http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use cowork_domain::codes::Code;
use serde_json::json;

/// Lead to the page on which the organisation's payments are managed.
#[utoipa::path(post, path = "/api/billing/portal", operation_id = "openBillingPortal", tag = "administration",
    request_body(content = serde_json::Value, example = json!({"returnUrl": "https://app.example/"})),
    responses(
        (status = 200, description = "The page", body = serde_json::Value, example = json!({"providerId": "stripe", "url": "https://billing.stripe.com/p/session/1"})),
        (status = 400, description = "A page to come back to that isn't one", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The deployment doesn't bill, or the organisation never subscribed", body = ErrorBody,
            example = json!({"error": "No billing customer exists for this cloud org.", "code": "billing.customer_unknown"})),
        (status = 502, description = "The payment provider refused", body = ErrorBody),
        (status = 503, description = "The payment provider can't be asked", body = ErrorBody),
    ))]
pub(super) async fn portal(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let provider = refusal::provider(&state)?;
    let org = &caller.principal().org_id;
    let return_url = plain_url(&body.fields, "returnUrl")?;
    let url = match provider {
        Provider::Stub => address("https://billing.local/portal", &[("orgId", org.as_str())]),
        Provider::Stripe(stripe) => {
            let subscription = state.billing.subscription(org).await?;
            let customer = subscription.as_ref().and_then(|subscription| subscription.terms.customer.as_deref());
            let customer = customer
                .ok_or_else(|| ApiError::not_found("No billing customer exists for this cloud org.").code(Code::BillingCustomerUnknown))?;
            let return_url = return_url.or(stripe.options().portal_return_url.as_deref());
            stripe.portal(customer, return_url, &state.node.clock().nonce()).await?.url
        }
    };
    Ok(Json::of(&json!({ "providerId": provider.name(), "url": url })))
}
