//! Subscriptions, and what begins because of them (contract 03 §2).

mod channels;
mod off;
mod plans;
mod refused;
mod stripe;
mod webhook;

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PLANS: &str = r#"{
    "starter": {"label": "Starter", "entitlements": {"maxPromptsPerHour": 2, "features": {"channels": false}}},
    "frozen": {"label": "Frozen", "entitlements": {"allowNewSessions": false, "allowPrompts": false, "allowedProfiles": ["full"],
        "allowedProviders": ["openai"], "features": {"artifacts": false}}},
    "pro": {"label": "Pro", "priceId": "price_pro"}
}"#;

/// A server on which the stub bills, with more environment.
async fn billed_with(more: &[(&str, &str)]) -> Server {
    let stub = [("BILLING_ENABLED", "true"), ("BILLING_PROVIDER", "stub"), ("BILLING_PLANS", PLANS), ("BILLING_DEFAULT_PLAN", "starter")];
    Server::with(&[&HEADER_MODE[..], &stub, more].concat()).await
}

async fn billed() -> Server {
    billed_with(&[]).await
}

fn owner(org: &str) -> Caller {
    Caller::new(org, "kim", "owner")
}

async fn get(server: &Server, by: &Caller, path: &str) -> Answer {
    server.ask(by, Method::GET, path, None).await
}

async fn post(server: &Server, by: &Caller, path: &str, body: Value) -> Answer {
    server.ask(by, Method::POST, path, Some(body)).await
}

/// What the organisation sees of its subscription.
async fn shown(server: &Server, by: &Caller) -> Value {
    get(server, by, "/api/billing/subscription").await.expect(StatusCode::OK, "").body
}

/// Subscribes, and says to what.
async fn subscribe(server: &Server, by: &Caller, plan: &str) -> Answer {
    post(server, by, "/api/billing/checkout", json!({ "planKey": plan })).await.expect(StatusCode::OK, "")
}

/// A webhook without a signature.
async fn told(server: &Server, body: Value) -> Answer {
    server.post("/webhooks/billing", body).await
}

/// A new session's id.
async fn session(server: &Server, by: &Caller) -> String {
    let created = post(server, by, "/api/sessions", json!({})).await.expect(StatusCode::CREATED, "");
    crate::server::session_id(&created)
}

async fn prompt(server: &Server, by: &Caller, session: &str) -> Answer {
    post(server, by, &format!("/api/sessions/{session}/prompt"), json!({ "text": "hello" })).await
}

/// Fails unless it is a 402 of this rule.
#[track_caller]
fn assert_unpaid(answer: Answer, code: &str, text: &str) {
    let answer = answer.expect(StatusCode::PAYMENT_REQUIRED, text).coded(code);
    assert_eq!(answer.body["verdict"], json!({ "allowed": false, "reason": text, "policyCode": code }));
}
