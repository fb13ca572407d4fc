//! `/scim/v2/Groups`.

use super::directory::{Directory, expect_error};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_group_that_is_called_like_a_role_gives_it_to_those_the_directory_names() {
    let server = Server::with(&HEADER_MODE).await;
    let directory = Directory::of(&server, &Caller::new("acme.test", "owner1", "owner")).await;
    let id = directory.provision(json!({ "userName": "sam@acme.test", "externalId": "ext-sam" })).await;
    let sam = Caller::new("acme.test", "sam", "member");
    let role = async || server.ask(&sam, Method::GET, "/api/workspace", None).await.body["role"].clone();
    assert_eq!(role().await, "member");

    let admins = json!({ "displayName": "Admin", "externalId": "g1", "members": [{ "value": "ext-sam" }, { "value": "ext-nobody" }] });
    let made = directory.ask(Method::POST, "/Groups", Some(admins)).await;
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "Admin",
        "meta": { "resourceType": "Group", "location": format!("{}/scim/v2/Groups/g1", server.url) },
    });
    assert_eq!((made.status, made.body), (StatusCode::CREATED, expected));
    assert_eq!(role().await, "admin");

    let engineers = json!({ "displayName": "Engineers", "members": [{ "value": "ext-sam" }] });
    let ignored = directory.ask(Method::PUT, "/Groups/g2", Some(engineers)).await;
    assert_eq!(ignored.status, StatusCode::OK);
    assert!(ignored.body["id"].as_str().is_some_and(|id| id.starts_with("group_")), "{ignored:?}");
    let by_account = json!({ "displayName": "owner", "members": [{ "value": id }] });
    assert_eq!(directory.ask(Method::PATCH, "/Groups/g3", Some(by_account)).await.status, StatusCode::OK);
    assert_eq!(role().await, "admin", "an account's id is not what identity providers call it");
    expect_error(&directory.ask(Method::POST, "/Groups", Some(json!({}))).await, StatusCode::BAD_REQUEST, "displayName is required.");
}
