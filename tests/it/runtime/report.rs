//! `/api/runtime/status`, `/api/workers/heartbeats` and `/api/diagnostics`.

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The prompt of a turn that does not end by itself.
const SLOW: &str = "[[hang]] slowly";

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_node_says_what_it_does_and_what_it_is_at_work_on() {
    let server = Server::start().await;
    let status = server.get("/api/runtime/status").await;
    assert_eq!(status.status, StatusCode::OK, "{status:?}");
    let mut shown = status.body.clone();
    let heartbeats = shown.as_object_mut().and_then(|fields| fields.remove("heartbeats")).expect("it has them");
    let expected =
        json!({ "role": "all-in-one", "profileName": "full", "canExecute": true, "commandProcessing": "inline", "checkpoints": true });
    assert_eq!(shown, expected);
    assert_eq!(heartbeats.as_array().map(Vec::len), Some(1), "{heartbeats}");
    assert_eq!(names(&heartbeats[0]), ["activeSessionIds", "lastSeenAt", "role", "workerId"]);
    assert_eq!((&heartbeats[0]["role"], &heartbeats[0]["activeSessionIds"]), (&json!("worker"), &json!([])));

    let session = server.session().await;
    server.prompt(&session, SLOW).await;
    let busy =
        server.until_answer("/api/workers/heartbeats", |answer| answer.body["heartbeats"][0]["activeSessionIds"] == json!([session])).await;
    assert_eq!(names(&busy.body), ["heartbeats"]);

    let diagnostics = server.get("/api/diagnostics").await.body;
    let parts = ["billing", "byok", "gateway", "generatedAt", "links", "org", "redaction", "runtime", "usage"];
    assert_eq!(names(&diagnostics), parts, "{diagnostics}");
    assert_eq!(diagnostics["org"], json!({ "orgId": "default", "tenantId": "default", "role": "owner", "profileName": "full" }));
    let runtime = &diagnostics["runtime"];
    assert_eq!((&runtime["heartbeatCount"], &runtime["canExecute"]), (&json!(1), &json!(true)));
    assert_eq!(names(&runtime["heartbeats"][0]), ["activeSessionCount", "ageMs", "lastSeenAt", "role", "stale", "workerId"]);
    assert_eq!(runtime["heartbeats"][0]["stale"], false);
    let totals = diagnostics["usage"]["totals"].as_array().expect("a list");
    assert!(totals.contains(&json!({ "eventType": "prompt.enqueued", "unit": "count", "quantity": 1 })), "{totals:?}");
    assert!(!diagnostics.to_string().contains("slowly"), "nothing that somebody said is in it");
}

#[tokio::test]
async fn people_may_not_and_operators_see_every_organisation_without_being_one() {
    let token = "an-operator-token-of-enough-characters-7d1e";
    let server = Server::with(&[HEADER_MODE[0], HEADER_MODE[1], ("OPERATOR_TOKEN", token)]).await;
    let owner = Caller::new("acme", "kim", "owner");
    for path in ["/api/runtime/status", "/api/workers/heartbeats", "/api/diagnostics"] {
        let refused = server.ask(&owner, Method::GET, path, None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"), "{path}");
        let allowed = Answer::of(server.request(Method::GET, path).bearer_auth(token)).await;
        assert_eq!(allowed.status, StatusCode::OK, "{allowed:?}");
    }
}
