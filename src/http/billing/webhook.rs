//! `POST /webhooks/billing` (contract 03 §2).

use super::refusal;
use crate::{
    billing::NewsMalformed,
    http::{
        answer::Json,
        body::{self, JsonBody},
        connection::Connection,
        error::ApiError,
        schema::ErrorBody,
        state::HttpState,
    },
};
use axum::extract::{Request, State};
use cowork_domain::codes::Code;
use cowork_store::{BillingEvent, BillingNews};
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");
/// Contract 00 §2.
const LONGEST: usize = 256 * 1024;

/// Take in what the payment provider tells.
///
/// The signature is checked over the body as it came, before anything of it is read. The same event has one effect, however often
/// it is sent; one that failed has none, and may be sent again.
#[utoipa::path(post, path = "/webhooks/billing", operation_id = "receiveBillingWebhook", tag = "administration",
    params(("Stripe-Signature" = Option<String>, Header, description = "`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `{t}.{body}`, at most five minutes old")),
    request_body(content = Value, example = json!({"id": "evt_1", "type": "customer.subscription.updated", "created": 1_700_000_000,
        "data": {"object": {"id": "sub_1", "customer": "cus_1", "status": "active", "metadata": {"orgId": "acme", "planKey": "starter"}}}})),
    responses(
        (status = 200, description = "It was taken in, now or before", body = Value,
            example = json!({"ok": true, "providerId": "stripe", "eventId": "evt_1", "eventType": "invoice.paid", "subscription": null})),
        (status = 400, description = "It is malformed, or about an organisation that doesn't exist", body = ErrorBody,
            example = json!({"error": "Billing webhook request failed.", "code": "billing.webhook_refused"})),
        (status = 401, description = "It isn't signed, or too long ago", body = ErrorBody,
            example = json!({"error": "Billing webhook signature is invalid.", "code": "billing.signature_invalid"})),
        (status = 404, description = "The deployment doesn't bill", body = ErrorBody),
        (status = 413, description = "More than 256 KiB", body = ErrorBody),
        (status = 429, description = "Too many from this sender, or too many without a signature", body = ErrorBody),
    ))]
pub(super) async fn receive(State(state): State<HttpState>, request: Request) -> Result<Json, ApiError> {
    let provider = refusal::provider(&state)?;
    let clock = state.node.clock();
    let connection = request.extensions().get::<Connection>().expect("dispatch puts it there");
    let sender = state.limits.sender(connection.peer(), request.headers());
    state.limits.webhooks().admit(sender, clock.instant()).await?;
    let headers = request.headers().clone();
    let raw = body::read_bytes(request, &state, LONGEST).await?;
    if !is_genuine(&state, &headers, &raw) {
        state.limits.webhooks().rejected(sender, clock.instant());
        let error = ApiError::new(StatusCode::UNAUTHORIZED, "Billing webhook signature is invalid.");
        return Err(error.code(Code::BillingSignatureInvalid));
    }
    let generated = digest(&raw);
    let fields = JsonBody::parse(raw)?.fields.0;
    let news = provider.read(&fields, &state.billing.options().plans, &generated)?;
    let mut answer = json!({
        "ok": true, "providerId": provider.name(), "eventId": news.id, "eventType": news.kind, "subscription": null,
    });
    let Some(edit) = news.edit else { return Ok(Json::of(&answer)) };
    let org = edit.org.clone();
    let event = BillingEvent { provider: provider.name(), id: &news.id, has_own_id: news.has_own_id, kind: &news.kind, at: clock.now() };
    let taken = state.node.store().take_in_billing_event(&event, edit, &state.billing.options().plans).await?;
    state.billing.forget(&org);
    match taken {
        BillingNews::TakenIn(subscription) => {
            answer["subscription"] = subscription.map_or(Value::Null, |subscription| subscription.shown());
            Ok(Json::of(&answer))
        }
        BillingNews::Replayed => Ok(Json::of(&json!({ "ok": true, "replayed": true }))),
        BillingNews::NoSuchOrg => Err(refused()),
    }
}

fn is_genuine(state: &HttpState, headers: &HeaderMap, body: &[u8]) -> bool {
    let options = state.billing.options();
    match &options.webhook_secret {
        None => options.takes_unsigned,
        Some(secret) => {
            let mut shown = headers.get_all(SIGNATURE).iter().filter_map(|value| value.to_str().ok());
            shown.next().is_some_and(|shown| secret.verifies(shown, body, state.node.clock().now()))
        }
    }
}

fn digest(body: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(body))
}

fn refused() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "Billing webhook request failed.").code(Code::BillingWebhookRefused)
}

impl From<NewsMalformed> for ApiError {
    fn from(malformed: NewsMalformed) -> Self {
        Self::invalid(format!("Billing webhook: {malformed}."))
    }
}
