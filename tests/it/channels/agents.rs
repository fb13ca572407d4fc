use super::{agent, binding, server, text};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn the_same_seed_is_the_same_agent_and_a_change_changes_only_what_it_names() {
    let (server, owner) = server().await;
    let path = "/api/channels/agents";
    let body = json!({ "agentId": "support-1", "name": "Support bot", "profileName": "full", "status": "nonsense", "managed": "yes" });
    let made = server.ask(&owner, Method::POST, path, Some(body)).await.expect(StatusCode::CREATED, "").body["agent"].clone();
    let id = text(&made["agentId"]);
    assert!(id.starts_with("channel_agent_") && id.len() == 46, "{made}");
    assert_eq!((&made["status"], &made["managed"], &made["createdByAccountId"]), (&json!("active"), &json!(false), &json!("kim")));

    let again = json!({ "agentId": "support-1", "name": "Another name" });
    let again = server.ask(&owner, Method::POST, path, Some(again)).await.expect(StatusCode::CREATED, "");
    assert_eq!(again.body["agent"], made, "the stored record, unchanged");
    let theirs = agent(&server, &Caller::new("globex", "lee", "owner"), "support-1").await;
    assert_ne!(theirs, id, "another organisation's seed is another agent");

    let change = json!({ "name": "Renamed", "status": "disabled" });
    let changed = server.ask(&owner, Method::PATCH, &format!("{path}/{id}"), Some(change)).await.expect(StatusCode::OK, "");
    let changed = &changed.body["agent"];
    assert_eq!((&changed["name"], &changed["status"], &changed["profileName"]), (&json!("Renamed"), &json!("disabled"), &json!("full")));
    assert_eq!(changed["createdAt"], made["createdAt"]);
    let missing = format!("{path}/{theirs}");
    server.ask(&owner, Method::PATCH, &missing, Some(json!({}))).await.expect(StatusCode::NOT_FOUND, "Headless agent was not found.");
    let blank = server.ask(&owner, Method::PATCH, &format!("{path}/{id}"), Some(json!({ "name": " " }))).await;
    assert_eq!(blank.status, StatusCode::BAD_REQUEST, "{blank:?}");
    let nameless = server.ask(&owner, Method::POST, path, Some(json!({}))).await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST, "{nameless:?}");

    let listed = server.ask(&owner, Method::GET, path, None).await;
    assert_eq!(listed.body["agents"].as_array().map(Vec::len), Some(1), "{listed:?}");
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=headless_agent.", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(2), "made once, changed once: {audit:?}");
}

#[tokio::test]
async fn only_who_runs_the_organisation_manages_channels() {
    let (server, owner) = server().await;
    agent(&server, &owner, "support").await;
    let member = Caller::new("acme", "mo", "member");
    let refused = server.ask(&member, Method::GET, "/api/channels/agents", None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    for (scope, code) in [("gateway", "authorization.scope_required"), ("desktop", "")] {
        let (_, token) = crate::tokens::issue(&server, &owner, &[scope]).await;
        for path in ["agents", "bindings", "identities", "providers"] {
            let refused = server.ask_with(&token, Method::GET, &format!("/api/channels/{path}"), None).await;
            assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, code), "{scope} {path}: {refused:?}");
            let by_service = refused.error() == "Channel administration requires an org admin or admin-scoped API token.";
            assert_eq!(by_service, scope == "desktop", "{refused:?}");
        }
    }
    let (_, admin) = crate::tokens::issue(&server, &owner, &["admin"]).await;
    let listed = server.ask_with(&admin, Method::GET, "/api/channels/agents", None).await;
    assert_eq!(listed.body["agents"].as_array().map(Vec::len), Some(1), "{listed:?}");
}

/// Whoever is alone at their own machine names things as they are, so a name may be taken by those who were there before.
#[tokio::test]
async fn an_id_of_another_organisation_is_not_to_be_had() {
    let database = Arc::new(TestDatabase::create().await);
    let shared = Server::launch(Setting::sharing(database.clone(), &HEADER_MODE));
    let owner = Caller::new("acme", "kim", "owner");
    let their_agent = agent(&shared, &owner, "support").await;
    let their_binding = binding(&shared, &owner, &their_agent, "telegram", "tg").await;
    drop(shared);

    let alone = Server::launch(Setting::sharing(database, &[]));
    let unavailable = "Channel resource id is unavailable.";
    let refused = alone.post("/api/channels/agents", json!({ "agentId": their_agent, "name": "Mine" })).await;
    refused.expect(StatusCode::CONFLICT, unavailable).coded("channels.id_unavailable");
    let mine = alone.post("/api/channels/agents", json!({ "agentId": "mine", "name": "Mine" })).await.expect(StatusCode::CREATED, "");
    assert_eq!(mine.body["agent"]["agentId"], "mine");
    let body = json!({ "agentId": "mine", "bindingId": their_binding, "provider": "telegram", "displayName": "Mine" });
    let refused = alone.post("/api/channels/bindings", body).await;
    refused.expect(StatusCode::CONFLICT, unavailable).coded("channels.id_unavailable");
}
