use super::{issue, path};
use crate::{
    caller::{Caller, HEADER_MODE},
    program::GLANCE,
    server::{PATIENCE, Server, session_id},
};
use cowork_domain::timestamp::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const DAY_MS: i64 = 24 * 3600 * 1000;

fn millis(value: &Value) -> i64 {
    Timestamp::parse(value.as_str().expect("text")).expect("an instant").as_millis()
}

#[tokio::test]
async fn a_token_is_shown_once_acts_as_its_issuer_and_is_kept_nowhere() {
    let server = Server::with(&[&HEADER_MODE[..], &[("LOG_LEVEL", "trace")]].concat()).await;
    let owner = Caller::new("acme", "kim", "owner");
    let (token, plaintext) = issue(&server, &owner, &["desktop"]).await;
    let id = token["tokenId"].as_str().expect("an id");
    assert!(id.starts_with("tok_") && plaintext.starts_with(&format!("occ_{id}_")), "{token}");
    assert!(plaintext.ends_with(token["last4"].as_str().expect("text")));
    assert_eq!(millis(&token["expiresAt"]) - millis(&token["createdAt"]), 90 * DAY_MS);
    let fixed = json!({ "orgId": "acme", "accountId": "kim", "name": "of a test", "scopes": ["desktop"], "revokedAt": null,
        "lastUsedAt": null, "channelBindingIds": [] });
    for (field, value) in fixed.as_object().expect("an object") {
        assert_eq!(&token[field], value, "{field}");
    }

    let me = server.ask_with(&plaintext, Method::GET, "/auth/me", None).await;
    assert_eq!((&me.body["principal"]["tokenId"], &me.body["principal"]["tokenScopes"]), (&json!(id), &json!(["desktop"])));
    let session = session_id(&server.ask_with(&plaintext, Method::POST, "/api/sessions", Some(json!({}))).await);
    let seen = server.ask(&owner, Method::GET, &format!("/api/sessions/{session}"), None).await;
    assert_eq!(seen.status, StatusCode::OK, "what a token makes is its issuer's: {seen:?}");
    let refused = server.ask_with(&plaintext, Method::GET, "/api/api-tokens", None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.scope_required"));

    let deadline = Instant::now() + PATIENCE;
    let listed = loop {
        let listed = server.ask(&owner, Method::GET, "/api/api-tokens", None).await;
        if !listed.body["tokens"][0]["lastUsedAt"].is_null() {
            break listed;
        }
        assert!(Instant::now() < deadline, "its use was never noted: {listed:?}");
        tokio::time::sleep(GLANCE).await;
    };
    assert_eq!(listed.body["tokens"].as_array().map(Vec::len), Some(1));
    let secret = plaintext.rsplit_once(id).expect("its id is in it").1.trim_start_matches('_');
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=api_token.", None).await;
    assert_eq!(audit.body["events"][0]["metadata"], json!({ "name": "of a test", "scopes": "desktop", "last4": token["last4"] }));
    for (place, text) in [
        ("the list", listed.body.to_string()),
        ("the audit log", audit.body.to_string()),
        ("the database", server.dump().await),
        ("the log", server.log()),
    ] {
        assert!(text.contains(id) || place == "the log", "{place} is about something else: {text}");
        assert!(!text.contains(secret), "{place} shows the secret");
    }
}

#[tokio::test]
async fn what_a_token_may_not_be_is_said() {
    let server = Server::with(&[&HEADER_MODE[..], &[("API_TOKEN_ALLOWED_SCOPES", "desktop,gateway,worker-internal")]].concat()).await;
    let owner = Caller::new("acme", "kim", "owner");
    let incomplete = "API token requires a name and at least one valid scope.";
    let disabled = |scope: &str| format!("API token scope is disabled by cloud policy: {scope}.");
    let wrong = [
        (json!({ "scopes": ["desktop"] }), 400, incomplete.to_owned()),
        (json!({ "name": "  ", "scopes": ["desktop"] }), 400, incomplete.to_owned()),
        (json!({ "name": "a" }), 400, incomplete.to_owned()),
        (json!({ "name": "a", "scopes": [] }), 400, incomplete.to_owned()),
        (json!({ "name": "a", "scopes": ["desktop", "root"] }), 400, incomplete.to_owned()),
        (json!({ "name": "a", "scopes": [7] }), 400, incomplete.to_owned()),
        (json!({ "name": "x".repeat(97), "scopes": ["desktop"] }), 400, "API token name must not be longer than 96 characters.".to_owned()),
        (json!({ "name": "a", "scopes": ["admin"] }), 403, disabled("admin")),
        (json!({ "name": "a", "scopes": ["worker-internal"] }), 403, disabled("worker-internal")),
        (
            json!({ "name": "a", "scopes": ["desktop"], "expiresAt": "2020-01-01T00:00:00Z" }),
            400,
            "API token expiration must be in the future.".to_owned(),
        ),
        (
            json!({ "name": "a", "scopes": ["desktop"], "expiresAt": "9999-01-01T00:00:00Z" }),
            400,
            "API token expiration must not be more than 365 days in the future.".to_owned(),
        ),
        (json!({ "name": "a", "scopes": ["desktop"], "expiresAt": "soon" }), 400, "Date value must be a valid ISO timestamp.".to_owned()),
        (json!({ "name": "a", "scopes": ["desktop"], "expiresAt": 7 }), 400, "Date value must be an ISO timestamp.".to_owned()),
        (
            json!({ "name": "a", "scopes": ["desktop"], "channelBindingIds": ["b"] }),
            400,
            "Channel binding grants require a gateway-scoped API token.".to_owned(),
        ),
        (json!({ "name": "a", "scopes": ["gateway"], "channelBindingIds": ["b"] }), 404, "Channel binding was not found.".to_owned()),
    ];
    for (body, status, error) in wrong {
        let refused = server.ask(&owner, Method::POST, "/api/api-tokens", Some(body.clone())).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (status, error.as_str()), "{body}");
    }
    let listed = server.ask(&owner, Method::GET, "/api/api-tokens", None).await;
    assert_eq!(listed.body, json!({ "tokens": [] }), "nothing was issued");
}

#[tokio::test]
async fn only_those_who_run_an_organisation_see_and_revoke_its_tokens() {
    let server = Server::with(&HEADER_MODE).await;
    let (owner, member, stranger) =
        (Caller::new("acme", "kim", "owner"), Caller::new("acme", "lee", "member"), Caller::new("globex", "kim", "owner"));
    let (token, plaintext) = issue(&server, &owner, &["desktop", "admin"]).await;
    for (method, path) in [(Method::GET, "/api/api-tokens".to_owned()), (Method::DELETE, path(&token))] {
        let refused = server.ask(&member, method, &path, None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    }
    assert_eq!(server.ask(&stranger, Method::GET, "/api/api-tokens", None).await.body, json!({ "tokens": [] }));
    server.ask(&stranger, Method::DELETE, &path(&token), None).await.expect(StatusCode::NOT_FOUND, "API token was not found.");
    assert_eq!(server.ask_with(&plaintext, Method::GET, "/api/sessions", None).await.status, StatusCode::OK, "nobody revoked it");

    let body = json!({ "name": "made by a token", "scopes": ["operator"], "expiresAt": "2999-01-01" });
    let issued = server.ask_with(&plaintext, Method::POST, "/api/api-tokens", Some(body)).await;
    issued.expect(StatusCode::BAD_REQUEST, "API token expiration must not be more than 365 days in the future.");
    let body = json!({ "name": "made by a token", "scopes": ["operator"] });
    let issued = server.ask_with(&plaintext, Method::POST, "/api/api-tokens", Some(body)).await;
    assert_eq!((issued.status, &issued.body["token"]["accountId"]), (StatusCode::CREATED, &json!("kim")));
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=api_token.&actorType=api_token", None).await;
    assert_eq!(audit.body["events"][0]["actorId"], token["tokenId"], "{audit:?}");
}
