//! API tokens (contract 02 §3, requirements R-TOK).

mod command;
mod grant;
mod issue;
mod refused;

use crate::{caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A new token of somebody who may issue one: its record, and the whole token.
pub(crate) async fn issue(server: &Server, issuer: &Caller, scopes: &[&str]) -> (Value, String) {
    let body = json!({ "name": "of a test", "scopes": scopes });
    let issued = server.ask(issuer, Method::POST, "/api/api-tokens", Some(body)).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
    (issued.body["token"].clone(), issued.body["plaintext"].as_str().expect("a token").to_owned())
}

/// The path of a token.
pub(crate) fn path(token: &Value) -> String {
    format!("/api/api-tokens/{}", token["tokenId"].as_str().expect("an id"))
}
