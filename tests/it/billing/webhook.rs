//! News are taken in once, from whoever may tell them.

use super::{billed, billed_with, get, owner, shown, told};
use crate::{answer::Answer, caller::now, server::Server};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

pub(super) const SECRET: &str = "whsec_a-provider-and-a-cloud-know-this";

/// `t=…,v1=…` over a body, as of so many seconds from now.
pub(super) fn signature(secret: &str, body: &str, ahead: i64) -> String {
    let time = now().saturating_add_signed(ahead);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// A webhook with a signature.
pub(super) async fn told_signed(server: &Server, body: &Value, secret: &str, ahead: i64) -> Answer {
    let body = body.to_string();
    let signature = signature(secret, &body, ahead);
    Answer::of(server.request(Method::POST, "/webhooks/billing").header("stripe-signature", signature).body(body)).await
}

async fn founded(server: &Server, org: &str) {
    get(server, &owner(org), "/api/workspace").await.expect(StatusCode::OK, "");
}

#[tokio::test]
async fn an_event_has_one_effect_however_often_it_comes() {
    let server = billed().await;
    let kim = owner("acme");
    founded(&server, "acme").await;
    let paid = json!({"id": "evt_1", "type": "customer.subscription.updated", "subscription": {"orgId": "acme", "planKey": "frozen"}});
    let first = told(&server, paid.clone()).await.expect(StatusCode::OK, "").body;
    let named = (&first["ok"], &first["providerId"], &first["eventId"], &first["eventType"]);
    assert_eq!(named, (&json!(true), &json!("stub"), &json!("evt_1"), &json!("customer.subscription.updated")));
    let record = &first["subscription"];
    assert_eq!((&record["planKey"], &record["status"], &record["seats"]), (&json!("frozen"), &json!("active"), &json!(1)));
    assert_eq!(record["metadata"], json!({"source": "stub_webhook", "eventId": "evt_1"}));
    assert_eq!(record["entitlements"]["allowedProviders"], json!(["openai"]));

    let ended = json!({"id": "evt_2", "subscription": {"orgId": "acme", "status": "canceled"}});
    told(&server, ended).await.expect(StatusCode::OK, "");
    assert_eq!(told(&server, paid).await.expect(StatusCode::OK, "").body, json!({"ok": true, "replayed": true}));
    let now = shown(&server, &kim).await["subscription"].clone();
    assert_eq!((&now["status"], &now["planKey"]), (&json!("canceled"), &json!("frozen")), "a replay revives nothing");

    let log = get(&server, &kim, "/api/admin/audit?action=billing.&limit=100").await.body;
    let count = |kind: &str| log["events"].as_array().expect("a list").iter().filter(|event| event["eventType"] == kind).count();
    assert_eq!(count("billing.webhook.processed"), 2);
    assert_eq!((count("billing.subscription.created"), count("billing.subscription.updated")), (1, 1));
}

#[tokio::test]
async fn the_same_event_at_the_same_time_is_taken_in_once() {
    let server = billed().await;
    founded(&server, "acme").await;
    let body = json!({"id": "evt_1", "subscription": {"orgId": "acme", "planKey": "pro"}});
    let answers = futures_util::future::join_all((0..8).map(|_| told(&server, body.clone()))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.body["replayed"] != true).count(), 1);
}

#[tokio::test]
async fn what_is_about_nobody_is_ignored_and_what_is_wrong_refused() {
    let server = billed().await;
    founded(&server, "acme").await;
    for nobody in ["", "{}", r#"{"subscription": {"planKey": "pro"}}"#] {
        let answer = Answer::of(server.request(Method::POST, "/webhooks/billing").body(nobody)).await.expect(StatusCode::OK, "").body;
        assert_eq!((&answer["eventType"], &answer["subscription"]), (&json!("stub.ignored"), &Value::Null), "{nobody}");
    }
    let foreign = json!({"id": "evt_1", "subscription": {"orgId": "nobody", "planKey": "pro"}});
    for _ in 0..2 {
        let refused = told(&server, foreign.clone()).await.expect(StatusCode::BAD_REQUEST, "Billing webhook request failed.");
        refused.coded("billing.webhook_refused");
    }
    founded(&server, "nobody").await;
    told(&server, foreign).await.expect(StatusCode::OK, "").body["subscription"]["planKey"]
        .as_str()
        .expect("it failed before, so it counts now");
    let malformed = Answer::of(server.request(Method::POST, "/webhooks/billing").body("{")).await;
    malformed.expect(StatusCode::BAD_REQUEST, "Request body must be valid JSON.");
    let long = json!({"id": "evt_2", "padding": "x".repeat(256 * 1024)});
    told(&server, long).await.expect(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.");
    told(&server, json!({"orgId": "acme", "planKey": "a\u{0}"})).await.coded("request.invalid_field");

    let strange = json!({"subscription": {"orgId": "acme", "planKey": "gone", "status": "paused"}});
    let taken = told(&server, strange).await.expect(StatusCode::OK, "").body["subscription"].clone();
    assert_eq!((&taken["status"], &taken["planKey"]), (&json!("paused"), &json!("gone")), "it is kept, and counts as not paid");
    assert_eq!(shown(&server, &owner("acme")).await["active"], false);
}

#[tokio::test]
async fn with_a_secret_only_who_knows_it_is_believed_and_who_does_not_must_wait() {
    let server = billed_with(&[("STRIPE_WEBHOOK_SECRET", SECRET)]).await;
    founded(&server, "acme").await;
    let body = |id: &str| json!({"id": id, "subscription": {"orgId": "acme", "planKey": "pro"}});
    told_signed(&server, &body("evt_1"), SECRET, 0).await.expect(StatusCode::OK, "");
    let invalid = "Billing webhook signature is invalid.";
    told(&server, body("evt_2")).await.expect(StatusCode::UNAUTHORIZED, invalid).coded("billing.signature_invalid");
    told_signed(&server, &body("evt_2"), "whsec_other", 0).await.expect(StatusCode::UNAUTHORIZED, invalid);
    told_signed(&server, &body("evt_2"), SECRET, -360).await.expect(StatusCode::UNAUTHORIZED, invalid);
    told_signed(&server, &body("evt_2"), SECRET, 360).await.expect(StatusCode::UNAUTHORIZED, invalid);
    let other = signature(SECRET, &body("evt_1").to_string(), 0);
    let forged = server.request(Method::POST, "/webhooks/billing").header("stripe-signature", other).body(body("evt_2").to_string());
    Answer::of(forged).await.expect(StatusCode::UNAUTHORIZED, invalid);
    let waiting = told_signed(&server, &body("evt_3"), SECRET, 0).await;
    assert_eq!((waiting.status, waiting.body["code"].as_str()), (StatusCode::TOO_MANY_REQUESTS, Some("auth.backoff")));
    assert!(!waiting.header("retry-after").is_empty());
    let record = shown(&server, &owner("acme")).await["subscription"].clone();
    assert_eq!(record["metadata"]["eventId"], "evt_1", "nothing else was believed");
}

#[tokio::test]
async fn beyond_somebodys_own_machine_the_stub_believes_no_stranger() {
    let server = billed_with(&[("DEPLOYMENT_TIER", "self_host_beta"), ("SIGNUP_MODE", "open")]).await;
    founded(&server, "acme").await;
    let body = json!({"id": "evt_1", "subscription": {"orgId": "acme", "planKey": "pro"}});
    told(&server, body).await.expect(StatusCode::UNAUTHORIZED, "Billing webhook signature is invalid.");
    assert_eq!(shown(&server, &owner("acme")).await["subscription"], Value::Null);
}
