use super::{issue, path};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_gateways_token_is_bound_to_channels_of_its_own_organisation() {
    let server = Server::with(&HEADER_MODE).await;
    let (owner, stranger) = (Caller::new("acme", "kim", "owner"), Caller::new("globex", "kim", "owner"));
    let (gateway, _) = issue(&server, &owner, &["gateway"]).await;
    let (desktop, _) = issue(&server, &owner, &["desktop"]).await;
    issue(&server, &stranger, &["gateway"]).await;
    server
        .sql(
            "insert into headless_agents (id, org, tenant, profile, name, status, managed)
                 values ('a', 'acme', 'acme', 'full', 'a', 'active', false), ('b', 'globex', 'globex', 'full', 'b', 'active', false);
             insert into channel_bindings (id, org, agent, provider, display_name, status, settings)
                 values ('b1', 'acme', 'a', 'cli', 'b1', 'active', '{}'), ('b0', 'acme', 'a', 'cli', 'b0', 'active', '{}'),
                        ('theirs', 'globex', 'b', 'cli', 'theirs', 'active', '{}')",
        )
        .await;

    let path = |token| format!("{}/channel-bindings", path(token));
    let bind = async |token, binding| server.ask(&owner, Method::POST, &path(token), Some(json!({ "channelBindingId": binding }))).await;
    let first = bind(&gateway, "b1").await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!((&first.body["grant"]["tokenId"], &first.body["grant"]["channelBindingId"]), (&gateway["tokenId"], &json!("b1")));
    bind(&gateway, "b0").await;
    let again = bind(&gateway, "b1").await;
    assert_eq!(again.body["grant"], first.body["grant"], "a second time changes nothing");
    assert_eq!(again.body["token"]["channelBindingIds"], json!(["b0", "b1"]));

    for foreign in ["theirs", "none"] {
        bind(&gateway, foreign).await.expect(StatusCode::NOT_FOUND, "Channel binding was not found.");
    }
    bind(&desktop, "b1").await.expect(StatusCode::BAD_REQUEST, "Channel binding grants require a gateway-scoped API token.");
    bind(&gateway, "").await.expect(StatusCode::BAD_REQUEST, "Channel binding id is required.");
    let body = Some(json!({ "channelBindingId": "theirs" }));
    server.ask(&stranger, Method::POST, &path(&gateway), body).await.expect(StatusCode::NOT_FOUND, "API token was not found.");

    let body = json!({ "name": "bound", "scopes": ["gateway"], "channelBindingIds": ["b1", "b0", "b1"] });
    let issued = server.ask(&owner, Method::POST, "/api/api-tokens", Some(body)).await;
    assert_eq!((issued.status, &issued.body["token"]["channelBindingIds"]), (StatusCode::CREATED, &json!(["b0", "b1"])));
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=api_token.channel_binding_granted", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(4), "{audit:?}");
}
