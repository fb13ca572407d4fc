//! Stripe bills: its pages, its news, and a day on which it is away.

use super::{
    assert_unpaid, get, owner, post, session, shown,
    webhook::{SECRET, told_signed},
};
use crate::{
    answer::Answer,
    caller::{HEADER_MODE, now},
    server::Server,
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post as on_post};
use parking_lot::Mutex;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

const PLANS: &str = r#"{"pro": {"label": "Pro", "priceId": "price_pro", "entitlements": {"maxConcurrentSessionsPerOrg": 12}},
    "team": {"label": "Team", "priceId": "price_team", "entitlements": {"features": {"byok": false}}}}"#;

type Fields = BTreeMap<String, String>;

/// What stands in for Stripe's API: it makes pages, for whoever shows the key.
struct Pages {
    url: String,
    asked: Arc<Mutex<Vec<Fields>>>,
    serving: AbortOnDropHandle<()>,
}

fn page(asked: &Mutex<Vec<Fields>>, headers: &HeaderMap, body: &Bytes, url: &str) -> (StatusCode, String) {
    if headers.get("authorization").is_none_or(|key| key != "Bearer sk_test_cowork") {
        return (StatusCode::UNAUTHORIZED, r#"{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}"#.to_owned());
    }
    let form = format!("http://localhost/?{}", std::str::from_utf8(body).expect("a form"));
    let fields: Fields = reqwest::Url::parse(&form).expect("a form").query_pairs().into_owned().collect();
    asked.lock().push(fields);
    (StatusCode::OK, json!({"id": "cs_1", "url": url}).to_string())
}

impl Pages {
    async fn open() -> Self {
        let asked = Arc::<Mutex<Vec<Fields>>>::default();
        let checkout = async |State(asked): State<Arc<Mutex<Vec<Fields>>>>, headers: HeaderMap, body: Bytes| {
            page(&asked, &headers, &body, "https://checkout.stripe.example/cs_1")
        };
        let portal = async |State(asked): State<Arc<Mutex<Vec<Fields>>>>, headers: HeaderMap, body: Bytes| {
            page(&asked, &headers, &body, "https://billing.stripe.example/p_1")
        };
        let routes = Router::new()
            .route("/v1/checkout/sessions", on_post(checkout))
            .route("/v1/billing_portal/sessions", on_post(portal))
            .with_state(asked.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let serving = AbortOnDropHandle::new(tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") }));
        Self { url, asked, serving }
    }

    async fn server(&self, key: &str) -> Server {
        let settings = [
            ("BILLING_ENABLED", "true"),
            ("BILLING_PROVIDER", "stripe"),
            ("BILLING_PLANS", PLANS),
            ("BILLING_DEFAULT_PLAN", "pro"),
            ("STRIPE_API_URL", self.url.as_str()),
            ("STRIPE_API_KEY", key),
            ("STRIPE_WEBHOOK_SECRET", SECRET),
            ("STRIPE_CANCEL_URL", "https://app.example/"),
            ("ENTITLEMENTS_ENABLED", "true"),
            ("ENTITLEMENTS_PROVIDER", "stripe"),
        ];
        Server::with(&[&HEADER_MODE[..], &settings].concat()).await
    }
}

fn event(id: &str, kind: &str, ago: u64, object: &Value) -> Value {
    json!({"id": id, "object": "event", "type": kind, "created": now() - ago, "livemode": false, "data": {"object": object}})
}

fn subscription(status: &str, price: &str) -> Value {
    json!({"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": status, "cancel_at_period_end": false,
        "metadata": {"orgId": "acme", "planKey": "pro"},
        "items": {"data": [{"quantity": 3, "price": {"id": price}, "current_period_end": 1_900_000_000}]}})
}

async fn tell(server: &Server, event: Value) -> Answer {
    told_signed(server, &event, SECRET, 0).await.expect(StatusCode::OK, "")
}

#[tokio::test]
async fn an_organisation_subscribes_changes_its_plan_and_ends_it() {
    let pages = Pages::open().await;
    let server = pages.server("sk_test_cowork").await;
    let kim = owner("acme");
    let nothing = get(&server, &kim, "/api/billing/entitlements").await.expect(StatusCode::OK, "").body;
    assert_eq!((&nothing["gatingEnabled"], &nothing["features"]["sessions"]), (&json!(true), &json!(false)));
    let unknown = post(&server, &kim, "/api/billing/portal", json!({})).await;
    unknown.expect(StatusCode::NOT_FOUND, "No billing customer exists for this cloud org.").coded("billing.customer_unknown");
    let lost = post(&server, &kim, "/api/billing/checkout", json!({})).await;
    lost.expect(StatusCode::BAD_REQUEST, "Billing checkout requires successUrl and cancelUrl.");
    let free = post(&server, &kim, "/api/billing/checkout", json!({"planKey": "self-host", "successUrl": "https://app.example/"})).await;
    free.expect(StatusCode::BAD_REQUEST, "Billing plan \"self-host\" has no price.");

    let bought = post(&server, &kim, "/api/billing/checkout", json!({"successUrl": "https://app.example/paid"})).await;
    let bought = bought.expect(StatusCode::OK, "").body;
    assert_eq!(bought, json!({"providerId": "stripe", "providerSessionId": "cs_1", "url": "https://checkout.stripe.example/cs_1"}));
    let asked = pages.asked.lock().pop().expect("a page was asked for");
    assert_eq!((asked["subscription_data[metadata][orgId]"].as_str(), asked["line_items[0][price]"].as_str()), ("acme", "price_pro"));
    assert_unpaid(
        post(&server, &kim, "/api/sessions", json!({})).await,
        "billing.subscription_required",
        "A billing subscription is required for this cloud org.",
    );

    let paid = json!({"mode": "subscription", "client_reference_id": "acme", "customer": "cus_1", "subscription": "sub_1",
        "metadata": {"orgId": "acme", "planKey": "pro"}});
    tell(&server, event("evt_1", "checkout.session.completed", 60, &paid)).await;
    session(&server, &kim).await;
    let now_shown = shown(&server, &kim).await;
    assert_eq!((&now_shown["mode"], &now_shown["active"]), (&json!("managed"), &json!(true)));
    tell(&server, event("evt_2", "customer.subscription.updated", 30, &subscription("active", "price_team"))).await;
    let record = shown(&server, &kim).await["subscription"].clone();
    assert_eq!((&record["planKey"], &record["seats"]), (&json!("team"), &json!(3)), "the price says the plan");
    assert_eq!(record["currentPeriodEnd"], "2030-03-17T17:46:40.000Z");
    let granted = get(&server, &kim, "/api/billing/entitlements").await.expect(StatusCode::OK, "").body;
    assert_eq!((&granted["planLabel"], &granted["subscriptionStatus"]), (&json!("Team"), &json!("active")));
    assert_eq!((&granted["features"]["byok"], &granted["features"]["channels"]), (&json!(false), &json!(true)));
    assert_eq!((&granted["limits"]["seats"], &granted["limits"]["concurrent_sessions"]), (&json!(3), &Value::Null));

    let portal = post(&server, &kim, "/api/billing/portal", json!({"returnUrl": "https://app.example/"})).await.expect(StatusCode::OK, "");
    assert_eq!(portal.body["url"], "https://billing.stripe.example/p_1");
    assert_eq!(pages.asked.lock().pop().expect("a page was asked for")["customer"], "cus_1");

    tell(&server, event("evt_4", "customer.subscription.deleted", 10, &subscription("canceled", "price_team"))).await;
    let late = tell(&server, event("evt_3", "customer.subscription.updated", 20, &subscription("active", "price_team"))).await;
    assert_eq!(late.body["subscription"]["status"], "canceled", "older news revive nothing");
    let ended = post(&server, &kim, "/api/sessions", json!({})).await;
    assert_unpaid(ended, "billing.subscription_inactive", "Billing subscription is canceled.");
    let other = tell(&server, event("evt_5", "invoice.paid", 0, &json!({"customer": "cus_1"}))).await;
    assert_eq!(other.body["subscription"], Value::Null);
    assert!(!server.dump().await.contains("sk_test_cowork") && !server.log().contains("sk_test_cowork"), "the key is nowhere");
}

#[tokio::test]
async fn a_stripe_that_is_away_or_refuses_is_said_to() {
    let pages = Pages::open().await;
    let server = pages.server("sk_test_wrong").await;
    let kim = owner("acme");
    let body = json!({"successUrl": "https://app.example/paid"});
    let refused = post(&server, &kim, "/api/billing/checkout", body.clone()).await;
    refused.expect(StatusCode::BAD_GATEWAY, "The billing provider refused the request.").coded("billing.provider_unavailable");
    drop(pages.serving);
    let away = post(&server, &kim, "/api/billing/checkout", body).await;
    let away = away.expect(StatusCode::SERVICE_UNAVAILABLE, "The billing provider is unavailable. Try again.");
    assert_eq!(away.coded("billing.provider_unavailable").header("retry-after"), "5");
    assert_eq!(shown(&server, &kim).await["subscription"], Value::Null);
}

#[tokio::test]
async fn what_the_stub_gave_away_does_not_count_with_stripe() {
    let pages = Pages::open().await;
    let server = pages.server("sk_test_cowork").await;
    let kim = owner("acme");
    get(&server, &kim, "/api/workspace").await.expect(StatusCode::OK, "");
    server
        .sql(
            "insert into billing_subscriptions (org, plan, provider, status, seats, entitlements, cancel_at_period_end, metadata)
             values ('acme', 'pro', 'stub', 'active', 1, '{}', false, '{}')",
        )
        .await;
    assert_eq!(shown(&server, &kim).await["subscription"], Value::Null);
    let refused = post(&server, &kim, "/api/sessions", json!({})).await;
    assert_unpaid(refused, "billing.subscription_required", "A billing subscription is required for this cloud org.");
}
