//! What a client asks first: who am I, where am I, what is there.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn features() -> Value {
    json!({
        "chat": true, "agents": true, "artifacts": true, "threadIndex": true, "workflows": true, "webhooks": false, "settings": true,
        "customSkills": true, "customAgents": true, "customMcps": true, "knowledge": true, "channels": true, "byok": true,
    })
}

#[tokio::test]
async fn without_authentication_everybody_is_the_local_owner() {
    let server = Server::start().await;
    let me = server.get("/auth/me").await;
    let expected = json!({
        "principal": {
            "tenantId": "default", "orgId": "default", "tenantName": "Default", "userId": "local-user", "accountId": "local-user",
            "email": "local@example.test", "role": "owner", "authSource": "local",
        },
        "csrfToken": null,
        "expiresAt": null,
    });
    assert_eq!((me.status, me.body), (StatusCode::OK, expected));

    let config = server.get("/api/config").await.body;
    assert_eq!((&config["role"], &config["profileName"], &config["features"]), (&json!("all-in-one"), &json!("full"), &features()));
    let policy = &config["managedPolicy"];
    assert_eq!(
        (&policy["allowedProviders"], &policy["keyManagement"], &policy["disabledByPolicy"]),
        (&Value::Null, &json!("any"), &json!({}))
    );
    assert!(config.as_object().expect("an object").contains_key("publicBranding"));

    let workspace = server.get("/api/workspace").await.body;
    assert_eq!((&workspace["orgId"], &workspace["role"], &workspace["profileName"]), (&json!("default"), &json!("owner"), &json!("full")));
    assert_eq!((&workspace["policy"]["features"], &workspace["policy"]["localFiles"]), (&features(), &json!("disabled")));

    let desktop = server.get("/auth/desktop/config").await;
    desktop.expect(StatusCode::NOT_FOUND, "Cloud desktop auth is not configured.");
    server.post("/auth/session", json!({})).await.expect(StatusCode::NOT_FOUND, "Cloud browser sessions are not configured.");
}

#[tokio::test]
async fn a_feature_that_is_off_is_refused_by_name() {
    let file = tempfile::NamedTempFile::with_suffix(".jsonc").expect("a file");
    let profiles = json!({ "cloud": { "profiles": { "full": { "features": { "chat": false, "agents": true } } } } });
    std::fs::write(file.path(), profiles.to_string()).expect("written");
    let server = Server::with_file(file.path()).await;
    assert_eq!(server.get("/api/config").await.body["features"]["chat"], false);
    for path in ["/api/sessions", "/api/events", "/api/sessions/any/view"] {
        let refused = server.get(path).await.expect(StatusCode::FORBIDDEN, "Chat is disabled for this cloud profile.");
        assert_eq!(refused.policy_code(), "chat.disabled", "{path}");
    }
    assert_eq!(server.get("/api/workspace").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_sees_their_own_workspace() {
    let server = Server::with(&HEADER_MODE).await;
    let kim = Caller::new("acme", "kim", "admin");
    let workspace = server.ask(&kim, Method::GET, "/api/workspace", None).await;
    let seen = ["tenantId", "orgId", "userId", "accountId", "email", "role"].map(|field| workspace.body[field].as_str());
    assert_eq!(seen, [Some("acme"), Some("acme"), Some("kim"), Some("kim"), Some("kim@acme"), Some("admin")], "{workspace:?}");
}
