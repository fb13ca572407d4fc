use super::{agent, binding, server, text};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_binding_shows_where_its_credential_is_and_neither_it_nor_secrets_of_its_settings() {
    let (server, owner) = server().await;
    let agent = agent(&server, &owner, "support").await;
    let path = "/api/channels/bindings";
    let body = json!({ "agentId": agent, "bindingId": "tg-1", "provider": "telegram", "displayName": "Team chat",
        "credentialRef": "env:TELEGRAM_TOKEN", "settings": { "botName": "helper", "botToken": "123:abc", "nested": { "apiKey": "k" } } });
    let made = server.ask(&owner, Method::POST, path, Some(body.clone())).await.expect(StatusCode::CREATED, "").body["binding"].clone();
    let id = text(&made["bindingId"]);
    assert!(id.starts_with("channel_binding_"), "{made}");
    assert_eq!((&made["credentialRefConfigured"], &made["credentialRefKind"]), (&json!(true), &json!("env")));
    assert_eq!(made["settings"], json!({ "botName": "helper", "botToken": "[redacted]", "nested": { "apiKey": "[redacted]" } }));
    assert!(!made.to_string().contains("TELEGRAM_TOKEN"), "{made}");
    let kept = server.rows("select settings from channel_bindings").await;
    assert_eq!(kept, [json!({ "settings": made["settings"] })], "nobody is shown more than is kept, and nothing secret is");

    let mut again = body.clone();
    again["displayName"] = json!("Another name");
    assert_eq!(server.ask(&owner, Method::POST, path, Some(again)).await.expect(StatusCode::CREATED, "").body["binding"], made);
    let change = json!({ "status": "auth_required", "credentialRef": null, "settings": { "mode": "x" } });
    let changed = server.ask(&owner, Method::PATCH, &format!("{path}/{id}"), Some(change)).await.expect(StatusCode::OK, "");
    let changed = &changed.body["binding"];
    assert_eq!((&changed["status"], &changed["displayName"]), (&json!("auth_required"), &json!("Team chat")));
    assert_eq!((&changed["credentialRefKind"], &changed["settings"]), (&json!(null), &json!({ "mode": "x" })));

    let incomplete = "Channel binding requires agentId, provider, and displayName.";
    let mut unknown = body.clone();
    unknown["provider"] = json!("irc");
    server.ask(&owner, Method::POST, path, Some(unknown)).await.expect(StatusCode::BAD_REQUEST, incomplete);
    let mut nobody = body.clone();
    (nobody["agentId"], nobody["bindingId"]) = (json!("nobody"), json!("tg-2"));
    server.ask(&owner, Method::POST, path, Some(nobody)).await.expect(StatusCode::NOT_FOUND, "Headless agent was not found.");
    let wrong = [
        json!({ "settings": { "note": "x".repeat(17_000) } }),
        json!({ "settings": { "defaultProjectSource": { "kind": "git", "repositoryUrl": "https://a:b@git.example/x" } } }),
        json!({ "credentialRef": "xoxb-1234567890-abcdefghijkl" }),
        json!({ "displayName": " " }),
    ];
    for change in wrong {
        let refused = server.ask(&owner, Method::PATCH, &format!("{path}/{id}"), Some(change.clone())).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{change}: {refused:?}");
    }
    let stranger = Caller::new("globex", "lee", "owner");
    let foreign = server.ask(&stranger, Method::PATCH, &format!("{path}/{id}"), Some(json!({ "status": "disabled" }))).await;
    foreign.expect(StatusCode::NOT_FOUND, "Channel binding was not found.");
    let listed = server.ask(&stranger, Method::GET, path, None).await;
    assert_eq!(listed.body["bindings"], json!([]));
}

#[tokio::test]
async fn an_organisation_has_as_many_bindings_as_it_may_and_disabled_ones_do_not_count() {
    let quota = [&HEADER_MODE[..], &[("MAX_GATEWAY_CHANNEL_BINDINGS_PER_ORG", "2")]].concat();
    let (server, owner) = (Server::with(&quota).await, Caller::new("acme", "kim", "owner"));
    let agent = agent(&server, &owner, "support").await;
    let first = binding(&server, &owner, &agent, "telegram", "one").await;
    binding(&server, &owner, &agent, "telegram-eu", "two").await;
    let path = "/api/channels/bindings";
    let third = json!({ "agentId": agent, "bindingId": "three", "provider": "slack", "displayName": "x" });
    let refused = server.ask(&owner, Method::POST, path, Some(third.clone())).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::TOO_MANY_REQUESTS, "quota.gateway_channel_bindings_exceeded"));
    assert_eq!(refused.body["retryAfterMs"], 60_000);
    binding(&server, &owner, &agent, "telegram", "one").await;

    let first = format!("{path}/{first}");
    server.ask(&owner, Method::PATCH, &first, Some(json!({ "status": "disabled" }))).await.expect(StatusCode::OK, "");
    server.ask(&owner, Method::POST, path, Some(third)).await.expect(StatusCode::CREATED, "");
    let back = server.ask(&owner, Method::PATCH, &first, Some(json!({ "status": "active" }))).await;
    assert_eq!(back.status, StatusCode::TOO_MANY_REQUESTS, "it counts again: {back:?}");

    let listed = server.ask(&owner, Method::GET, "/api/channels/providers", None).await;
    let providers = listed.body["providers"].as_array().expect("a list");
    let told: Vec<_> =
        providers.iter().map(|kind| (kind["id"].as_str().unwrap_or_default(), kind["bindingCount"].as_u64(), &kind["status"])).collect();
    assert_eq!(told.len(), 8);
    assert_eq!(told[..2], [("telegram", Some(2), &json!("connected")), ("slack", Some(1), &json!("connected"))]);
    assert_eq!(told[2], ("email", Some(0), &json!("available")));
}
