use super::{allow, bind, server, telegram, text, thread};
use reqwest::{Method, StatusCode};
use serde_json::json;

const NOT_ALLOWED: &str = "Channel actor identity is not authorized for this channel session.";

#[tokio::test]
async fn a_stranger_waits_until_an_admin_raises_them_and_a_gateway_can_not() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let resolve = async |body| server.ask_with(&token, Method::POST, "/api/channels/identities/resolve", Some(body)).await;
    let body = json!({ "channelBindingId": binding, "provider": "telegram", "externalUserId": "u-9", "role": "admin", "status": "active",
        "accountId": "kim", "metadata": { "displayName": "Lee", "accessToken": "123" } });
    let known = resolve(body).await.expect(StatusCode::OK, "").body["identity"].clone();
    assert_eq!((&known["role"], &known["status"], &known["accountId"]), (&json!("viewer"), &json!("pending"), &json!(null)));
    assert_eq!(known["metadata"], json!({ "displayName": "Lee", "accessToken": "[redacted]" }));
    let told = bind(&server, &token, thread(&binding, "telegram", "u-9", "t-1")).await.expect(StatusCode::FORBIDDEN, NOT_ALLOWED);
    assert_eq!(told.body["code"], "gateway.identity_not_allowed");

    let waiting = server.ask(&owner, Method::GET, "/api/channels/identities?status=pending&role=nonsense", None).await;
    assert_eq!(waiting.body["identities"].as_array().map(Vec::len), Some(1), "{waiting:?}");
    for (role, expected) in [("approver", StatusCode::FORBIDDEN), ("viewer", StatusCode::FORBIDDEN), ("member", StatusCode::OK)] {
        assert_eq!(allow(&server, &owner, "telegram", "u-9", role).await, text(&known["identityId"]), "the same person");
        let bound = bind(&server, &token, thread(&binding, "telegram", "u-9", "t-1")).await;
        assert_eq!(bound.status, expected, "{role}: {bound:?}");
    }
    // What an admin said stays when the gateway speaks of the person again; the metadata is what is said last.
    let again =
        resolve(json!({ "channelBindingId": binding, "provider": "telegram", "externalUserId": "u-9" })).await.body["identity"].clone();
    assert_eq!((&again["role"], &again["status"], &again["metadata"]), (&json!("member"), &json!("active"), &json!({})));
    let stop = json!({ "provider": "telegram", "externalUserId": "u-9", "status": "disabled" });
    server.ask(&owner, Method::POST, "/api/channels/identities/resolve", Some(stop)).await.expect(StatusCode::OK, "");
    bind(&server, &token, thread(&binding, "telegram", "u-9", "t-1")).await.expect(StatusCode::FORBIDDEN, NOT_ALLOWED);

    let nobody = json!({ "provider": "telegram", "externalUserId": "u-9", "accountId": "nobody" });
    let refused = server.ask(&owner, Method::POST, "/api/channels/identities/resolve", Some(nobody)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=channel_identity.changed", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(5), "u-1, four times u-9, and no word of the gateway: {audit:?}");
}

#[tokio::test]
async fn a_gateway_speaks_only_for_the_chat_systems_that_it_serves() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let resolve = async |body| server.ask_with(&token, Method::POST, "/api/channels/identities/resolve", Some(body)).await;
    let mismatch = resolve(json!({ "channelBindingId": binding, "provider": "slack", "externalUserId": "u" })).await;
    mismatch.expect(StatusCode::BAD_REQUEST, "Channel provider does not match binding.");
    let elsewhere = json!({ "channelBindingId": binding, "provider": "telegram", "externalUserId": "u", "externalWorkspaceId": "T9" });
    resolve(elsewhere).await.expect(StatusCode::FORBIDDEN, "Channel binding is not authorized for this provider workspace.");
    let only = resolve(json!({ "provider": "telegram", "externalUserId": "u" })).await;
    assert_eq!(only.status, StatusCode::OK, "the only binding of that chat system is meant: {only:?}");
    let unserved = resolve(json!({ "provider": "slack", "externalUserId": "u" })).await;
    unserved.expect(StatusCode::FORBIDDEN, "Gateway API token is not authorized for the requested channel binding.");
    assert_eq!(resolve(json!({ "provider": "irc", "externalUserId": "u" })).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(resolve(json!({ "provider": "telegram" })).await.status, StatusCode::BAD_REQUEST);
}
