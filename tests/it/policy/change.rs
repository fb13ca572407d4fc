//! `/api/policy`, and where members see it.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{PATIENCE, Server},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

#[tokio::test]
async fn what_administrators_decide_every_member_reads() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "lee", "member"), Caller::new("other", "eve", "owner"));
    let read = async |caller: &Caller, path: &str| server.ask(caller, Method::GET, path, None).await.body;
    let nothing = read(&kim, "/api/policy").await;
    assert_eq!((&nothing["policy"], &nothing["view"]["disabledByPolicy"]), (&Value::Null, &json!({})));

    let change = json!({
        "allowedProviders": ["openrouter", "anthropic"], "keyManagement": "byok_required", "permissionCeilings": { "bash": "deny" },
        "extensions": { "customMcps": false }, "updateChannel": "beta", "features": { "x": false },
    });
    let put = server.ask(&kim, Method::PUT, "/api/policy", Some(change)).await;
    assert_eq!(put.status, StatusCode::OK, "{put:?}");
    let mut record = put.body["policy"].clone();
    let fields = record.as_object_mut().expect("an object");
    assert!(fields.remove("createdAt").is_some() && fields.remove("updatedAt").is_some());
    let expected = json!({
        "orgId": "acme", "allowedProviders": ["anthropic", "openrouter"], "deniedProviders": [], "allowedModels": null, "deniedModels": [],
        "keyManagement": "byok_required", "extensions": { "customMcps": false, "customSkills": true, "customProviders": true },
        "features": { "x": false }, "updateChannel": "beta",
        "permissionCeilings": { "mcp": "allow", "web": "allow", "bash": "deny", "task": "allow", "fileWrite": "allow", "webSearch": "allow",
            "externalDirectory": "allow" },
    });
    assert_eq!(record, expected);
    let mark = json!({ "disabledByPolicy": true, "reason": "Managed by your organization" });
    let disabled = json!({ "bash": mark, "providers": mark, "customMcps": mark, "keyManagement": mark, "updateChannel": mark });
    assert_eq!(put.body["view"]["disabledByPolicy"], disabled);
    assert_eq!(put.body["view"].get("orgId"), None);

    for (path, field) in [("/api/policy/effective", "policy"), ("/api/config", "managedPolicy")] {
        assert_eq!(read(&lee, path).await[field], put.body["view"], "{path}");
        assert_eq!(read(&eve, path).await[field]["disabledByPolicy"], json!({}), "{path} of another organisation");
    }
    assert_eq!(read(&eve, "/api/policy").await["policy"], Value::Null);
    for method in [Method::GET, Method::PUT, Method::POST] {
        let refused = server.ask(&lee, method, "/api/policy", Some(json!({}))).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    }
    let lifted = server.ask(&kim, Method::POST, "/api/policy", Some(json!({ "allowedProviders": null }))).await.body;
    assert_eq!((&lifted["policy"]["allowedProviders"], &lifted["policy"]["updateChannel"]), (&Value::Null, &json!("beta")));
    for (change, error) in [
        (json!({ "allowedProviders": "x" }), "\"allowedProviders\" must be an array of strings or null."),
        (json!({ "updateChannel": 7, "deniedModels": ["m"] }), "\"updateChannel\" must be a string or null."),
    ] {
        server.ask(&kim, Method::PUT, "/api/policy", Some(change)).await.expect(StatusCode::BAD_REQUEST, error);
    }
    assert_eq!(read(&kim, "/api/policy").await["policy"], lifted["policy"], "nothing of a refused change is kept");
    let log = read(&kim, "/api/admin/audit?action=managed_policy.updated").await;
    assert_eq!(log["events"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_administrators_exclude_no_agent_does() {
    let server = Server::start().await;
    let change = async |change: Value| assert_eq!(server.post("/api/policy", change).await.status, StatusCode::OK);
    // The node that runs turns hears of a change a moment after the caller does.
    let until_shown = async |prompt: &str, wanted: &str| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let session = server.session().await;
            let shown = server.run(&session, prompt).await.to_string();
            if shown.contains(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "{wanted} is never shown: {shown}");
        }
    };
    change(json!({ "permissionCeilings": { "fileWrite": "deny" } })).await;
    until_shown("[[write:a.txt|x]]", "the organization's policy doesn't allow write").await;
    assert_eq!(server.get("/api/capabilities/tools/write").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/api/capabilities/tools/read").await.status, StatusCode::OK);
    change(json!({ "deniedModels": ["demo/demo"] })).await;
    until_shown("two", "the organization's policy doesn't allow the model demo/demo").await;
    change(json!({ "deniedModels": [] })).await;
    until_shown("three", "echo: three").await;
}
