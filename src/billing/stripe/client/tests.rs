//! Against a server that answers as Stripe does.

use super::*;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What came: path, headers, fields.
type Asked = (&'static str, HeaderMap, BTreeMap<String, String>);

struct FakeStripe {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Clone)]
struct Script {
    asked: Arc<Mutex<Vec<Asked>>>,
    /// What it answers, one after the other; the last one for ever.
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
}

impl Script {
    fn answer(&self, path: &'static str, headers: HeaderMap, body: &Bytes) -> axum::response::Response {
        let text = std::str::from_utf8(body).expect("text");
        let url = reqwest::Url::parse(&format!("http://localhost/?{text}")).expect("a form");
        self.asked.lock().push((path, headers, url.query_pairs().into_owned().collect()));
        let mut answers = self.answers.lock();
        let (status, answer) = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        (StatusCode::from_u16(status).expect("a status"), answer).into_response()
    }
}

impl FakeStripe {
    async fn start(answers: &[(u16, &'static str)]) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let script = Script { asked: Arc::default(), answers: Arc::new(Mutex::new(answers.to_vec())) };
        let checkout = async |State(script): State<Script>, headers: HeaderMap, body: Bytes| script.answer("checkout", headers, &body);
        let portal = async |State(script): State<Script>, headers: HeaderMap, body: Bytes| script.answer("portal", headers, &body);
        let routes = Router::new()
            .route("/v1/checkout/sessions", post(checkout))
            .route("/v1/billing_portal/sessions", post(portal))
            .with_state(script.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { url, asked: script.asked, _serving: AbortOnDropHandle::new(serving) }
    }

    fn client(&self) -> Stripe {
        let options = StripeOptions {
            api_url: self.url.clone(),
            api_key: Secret::new("sk_test_1".to_owned()),
            success_url: None,
            cancel_url: None,
            portal_return_url: None,
        };
        Stripe::connect(options).expect("a client can be made")
    }
}

fn wanted(org: &OrgId) -> CheckoutRequest<'_> {
    CheckoutRequest {
        org,
        customer: None,
        plan: "pro",
        price: "price_1",
        success_url: "https://app.example/paid?a=1&b=2",
        cancel_url: "https://app.example/",
        nonce: "n-1",
    }
}

#[tokio::test]
async fn a_checkout_says_whose_it_is_in_every_place_that_news_come_from() {
    let stripe =
        FakeStripe::start(&[(200, r#"{"id":"cs_1","object":"checkout.session","url":"https://checkout.stripe.example/cs_1"}"#)]).await;
    let org = OrgId::new("acme");
    let page = stripe.client().checkout(&wanted(&org)).await.expect("a page");
    assert_eq!((page.id.as_deref(), page.url.as_str()), (Some("cs_1"), "https://checkout.stripe.example/cs_1"));
    let (path, headers, fields) = stripe.asked.lock().pop().expect("one request");
    assert_eq!(
        (path, &headers["authorization"], &headers["idempotency-key"]),
        ("checkout", &"Bearer sk_test_1".parse().unwrap(), &"n-1".parse().unwrap())
    );
    let field = |name: &str| fields.get(name).map(String::as_str);
    assert_eq!(
        (field("mode"), field("line_items[0][price]"), field("line_items[0][quantity]")),
        (Some("subscription"), Some("price_1"), Some("1"))
    );
    for place in ["client_reference_id", "metadata[orgId]", "subscription_data[metadata][orgId]"] {
        assert_eq!(field(place), Some("acme"), "{place}");
    }
    assert_eq!((field("success_url"), field("customer")), (Some("https://app.example/paid?a=1&b=2"), None));

    stripe.client().portal("cus_1", Some("https://app.example/"), "n-2").await.expect("a page");
    let (path, _, fields) = stripe.asked.lock().pop().expect("one request");
    assert_eq!((path, fields["customer"].as_str(), fields["return_url"].as_str()), ("portal", "cus_1", "https://app.example/"));
}

#[tokio::test]
async fn trouble_is_tried_once_more_with_the_same_key_and_a_refusal_is_not() {
    let org = OrgId::new("acme");
    let page = r#"{"id":"cs_2","url":"https://checkout.stripe.example/cs_2"}"#;
    let stripe = FakeStripe::start(&[(503, ""), (200, page)]).await;
    assert_eq!(stripe.client().checkout(&wanted(&org)).await.expect("a page").id.as_deref(), Some("cs_2"));
    let keys: Vec<_> = stripe.asked.lock().iter().map(|(_, headers, _)| headers["idempotency-key"].clone()).collect();
    assert_eq!(keys, ["n-1", "n-1"]);

    let stripe = FakeStripe::start(&[(400, r#"{"error":{"type":"invalid_request_error","message":"No such price: 'price_1'"}}"#)]).await;
    let refused = stripe.client().checkout(&wanted(&org)).await.expect_err("refused");
    assert_eq!(refused, StripeError::Refused { status: 400, code: "invalid_request_error".into() });
    assert_eq!(stripe.asked.lock().len(), 1);

    let stripe = FakeStripe::start(&[(200, "<html>")]).await;
    assert_eq!(stripe.client().checkout(&wanted(&org)).await.expect_err("malformed"), StripeError::Malformed);
    let away = stripe.client();
    drop(stripe);
    assert!(matches!(away.checkout(&wanted(&org)).await, Err(StripeError::Unavailable(_))));
}
