//! The description of the API is true: the one in the checkout is what the binary serves.

use crate::server::Server;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::path::Path;

#[tokio::test]
async fn the_description_in_the_checkout_is_the_one_that_is_served() {
    let server = Server::start().await;
    let served = server.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json; charset=utf-8");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api/openapi.json");
    let checked_in: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("it is checked in")).expect("it is JSON");
    assert!(checked_in == served.body, "docs/api/openapi.json is out of date: run `cargo xtask gen`");
    assert_eq!(server.get("/docs/index.html").await.status, StatusCode::OK, "and it can be read");
}

#[tokio::test]
async fn every_described_route_exists_and_says_what_it_does() {
    let server = Server::start().await;
    let description = server.get("/openapi.json").await.body;
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let named = format!("{method} {path}");
            assert!(operation["summary"].is_string() || operation["description"].is_string(), "{named} says nothing");
            operations.push(operation["operationId"].as_str().unwrap_or_else(|| panic!("{named} has no id")).to_owned());
            if path.ends_with("/events") || path.ends_with("/stream") {
                continue; // those never end
            }
            let concrete = path
                .replace("{id}", "ses_00000000000070008000000000000000")
                .replace("{entity}", "org:nobody")
                .replace("{node}", "nobody")
                .replace("{verb}", "activate");
            let answer =
                crate::answer::Answer::of(server.request(method.to_uppercase().parse::<Method>().expect("a method"), &concrete)).await;
            assert_ne!(answer.policy_code(), "authorization.action_unknown", "{named} is described but not there");
            let status = answer.status.as_str();
            let described = operation["responses"].as_object().expect("responses");
            assert!(
                described.contains_key(status) || described.contains_key("default"),
                "{named} answers {status}, which is not described"
            );
            if answer.status.is_client_error() {
                // Directories read errors of another shape.
                let says = if path.starts_with("/scim/") { answer.body["detail"].as_str().unwrap_or_default() } else { answer.error() };
                assert!(!says.is_empty(), "{named} refuses without a word: {answer:?}");
            }
        }
    }
    let count = operations.len();
    operations.sort();
    operations.dedup();
    assert_eq!(operations.len(), count, "two operations share an id");
}
