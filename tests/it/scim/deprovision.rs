//! Whom a directory takes out is out at once.

use super::directory::{Directory, expect_error};
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use cowork_domain::codes::Code;
use reqwest::{Method, StatusCode};
use serde_json::json;

/// An API token of a member, as the database knows it: its secret is 32 bytes of zero.
async fn give_token(server: &Server, account: &str) -> String {
    let secret = "A".repeat(43);
    server
        .sql(&format!(
            "insert into api_tokens (id, org, account, name, scopes, hash, last4)
             values ('tok_AAAAAAAAAAAAAAAA', 'acme.test', '{account}', 'desk', '{{desktop}}', sha256('{secret}'), 'AAAA')"
        ))
        .await;
    format!("occ_tok_AAAAAAAAAAAAAAAA_{secret}")
}

/// Reads until the stream is no more. It isn't ended in order: its client must not take it for complete.
async fn wait_for_cut(mut stream: reqwest::Response) {
    loop {
        match stream.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                assert!(!error.is_timeout(), "the stream goes on: {error}");
                return;
            }
        }
    }
}

#[tokio::test]
async fn whoever_leaves_loses_the_membership_the_tokens_and_the_open_streams() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme.test", "owner1", "owner");
    let directory = Directory::of(&server, &owner).await;
    let id = directory.provision(json!({ "userName": "sam@acme.test", "externalId": "ext-sam" })).await;
    // The first visit claims the membership; the directory's id stays what it was.
    let sam = Caller::new("acme.test", "sam", "member");
    assert_eq!(server.ask(&sam, Method::GET, "/api/workspace", None).await.body["accountId"], "sam");
    let token = give_token(&server, "sam").await;
    let with_token = async || Answer::of(server.request(Method::GET, "/api/workspace").bearer_auth(&token)).await.status;
    assert_eq!(with_token().await, StatusCode::OK);
    let stream = server.request(Method::GET, "/api/events").headers(sam.headers()).send().await.expect("the server answers");
    assert_eq!(stream.status(), StatusCode::OK);

    let off = json!({ "Operations": [{ "op": "Replace", "value": { "active": "False" } }] });
    let patched = directory.ask(Method::PATCH, &format!("/Users/{id}"), Some(off)).await;
    assert_eq!((patched.status, &patched.body["active"], &patched.body["id"]), (StatusCode::OK, &json!(false), &json!(id)), "{patched:?}");
    wait_for_cut(stream).await;
    server.ask(&sam, Method::GET, "/api/workspace", None).await.expect(StatusCode::FORBIDDEN, "Cloud membership is not active.");
    assert_eq!(with_token().await, StatusCode::UNAUTHORIZED);
    let log = server.ask(&owner, Method::GET, "/api/admin/audit?actorId=scim.deprovision", None).await.body;
    let mut types: Vec<_> =
        log["events"].as_array().expect("a list").iter().map(|event| event["eventType"].as_str().expect("text")).collect();
    types.sort_unstable();
    assert_eq!(types, ["api_token.revoked", "membership.updated"]);

    // Back again: the membership is, the token is not.
    let on = json!({ "userName": "sam@acme.test", "active": "true" });
    assert_eq!(directory.ask(Method::PUT, &format!("/Users/{id}"), Some(on)).await.body["active"], true);
    assert_eq!(server.ask(&sam, Method::GET, "/api/workspace", None).await.status, StatusCode::OK);
    assert_eq!(with_token().await, StatusCode::UNAUTHORIZED);

    let deleted = directory.ask(Method::DELETE, &format!("/Users/{id}"), None).await;
    assert_eq!((deleted.status, &deleted.body, deleted.header("content-type")), (StatusCode::NO_CONTENT, &json!(""), ""));
    assert_eq!(directory.get(&format!("/Users/{id}")).await.body["active"], false, "the member stays readable");
    server.ask(&sam, Method::GET, "/api/workspace", None).await.expect(StatusCode::FORBIDDEN, "Cloud membership is not active.");
    expect_error(&directory.ask(Method::DELETE, "/Users/account_0", None).await, StatusCode::NOT_FOUND, "Resource was not found.");
}

#[tokio::test]
async fn the_last_owner_stays_whatever_the_directory_says() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme.test", "owner1", "owner");
    let directory = Directory::of(&server, &owner).await;
    let id = directory.provision(json!({ "userName": "owner1@acme.test", "externalId": "ext-owner" })).await;
    assert_eq!(id, "owner1", "the directory finds who is there already");
    let named = format!("/Users/{id}");
    let off = json!({ "userName": "owner1@acme.test", "externalId": "ext-owner", "active": false });
    let patch = json!({ "Operations": [{ "op": "Replace", "value": { "active": false } }] });
    let members = json!({ "displayName": "Member", "members": [{ "value": "ext-owner" }] });
    let attempts = [
        (Method::PATCH, named.as_str(), Some(patch.clone())),
        (Method::PUT, &named, Some(off.clone())),
        (Method::DELETE, &named, None),
        (Method::POST, "/Users", Some(off)),
        (Method::POST, "/Groups", Some(members)),
    ];
    for (method, path, body) in attempts {
        let refused = directory.ask(method, path, body).await;
        expect_error(&refused, StatusCode::CONFLICT, "The last active owner cannot be removed or demoted.");
        assert_eq!(refused.body["code"], Code::MemberLastOwner.as_str());
    }
    assert_eq!(server.ask(&owner, Method::GET, "/api/workspace", None).await.body["role"], "owner", "nothing was done in part");

    // With another owner beside them, they may go.
    server.ask(&Caller::new("acme.test", "owner2", "member"), Method::GET, "/api/workspace", None).await.expect(StatusCode::OK, "");
    server.sql("update memberships set role = 'owner' where account = 'owner2'").await;
    assert_eq!(directory.ask(Method::PATCH, &named, Some(patch)).await.body["active"], false);
    server.ask(&owner, Method::GET, "/api/workspace", None).await.expect(StatusCode::FORBIDDEN, "Cloud membership is not active.");
}
