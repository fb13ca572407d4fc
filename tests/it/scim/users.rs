//! `/scim/v2/Users`.

use super::directory::{Directory, expect_error};
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_directory_makes_finds_and_describes_people() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme.test", "owner1", "owner");
    let directory = Directory::of(&server, &owner).await;
    let sam = json!({
        "userName": "Sam@acme.test", "externalId": "ext-sam", "name": { "givenName": "Sam", "familyName": "Lee" },
        "emails": [{ "value": "alt@acme.test" }, { "value": "Sam@acme.test", "primary": true }], "active": true,
    });
    let made = directory.ask(Method::POST, "/Users", Some(sam.clone())).await;
    assert_eq!(
        (made.status, made.header("content-type"), made.header("cache-control")),
        (StatusCode::CREATED, "application/scim+json", "no-store")
    );
    let id = made.body["id"].as_str().expect("an id").to_owned();
    assert!(id.starts_with("account_"), "{id}");
    let mut shown = made.body.clone();
    let meta = shown.as_object_mut().and_then(|user| user.remove("meta")).expect("it has one");
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id, "externalId": id, "userName": "sam@acme.test",
        "name": { "formatted": "Sam Lee" }, "displayName": "Sam Lee", "emails": [{ "value": "sam@acme.test", "primary": true }], "active": true,
    });
    assert_eq!(shown, expected);
    assert_eq!((&meta["resourceType"], &meta["location"]), (&json!("User"), &json!(format!("{}/scim/v2/Users/{id}", server.url))));

    let again = directory.ask(Method::POST, "/Users", Some(json!({ "userName": "sam@acme.test", "displayName": "Sammy" }))).await;
    assert_eq!((again.status, &again.body["id"], &again.body["displayName"]), (StatusCode::CREATED, &json!(id), &json!("Sammy")));
    let found = directory.get("/Users?filter=userName%20eq%20%22SAM@acme.test%22").await.body;
    assert_eq!((&found["totalResults"], &found["startIndex"], &found["Resources"][0]["id"]), (&json!(1), &json!(1), &json!(id)));
    assert_eq!(directory.get("/Users?filter=userName%20eq%20%22nobody@acme.test%22").await.body["Resources"], json!([]));
    assert_eq!(
        directory.get("/Users?filter=title%20pr").await.body["totalResults"],
        2,
        "other filters are ignored, and the owner is there"
    );
    assert_eq!(directory.get(&format!("/Users/{id}")).await.body["displayName"], "Sammy");

    for (body, detail) in [
        (json!({}), "userName is required."),
        (json!({ "userName": "sam" }), "A valid email address is required."),
        (json!({ "userName": "a@b.test", "active": 7 }), "active must be a boolean."),
    ] {
        let refused = directory.ask(Method::POST, "/Users", Some(body)).await;
        expect_error(&refused, StatusCode::BAD_REQUEST, detail);
        assert_eq!(refused.body["scimType"], "invalidValue");
    }
    let malformed = server.request(Method::POST, "/scim/v2/Users").bearer_auth(&directory.token).body("{");
    expect_error(&Answer::of(malformed).await, StatusCode::BAD_REQUEST, "Request body must be valid JSON.");
    let log = server.ask(&owner, Method::GET, "/api/admin/audit?actorId=scim.provision", None).await.body;
    assert_eq!(log["events"].as_array().map(Vec::len), Some(1), "{log}");
    assert_eq!(
        (&log["events"][0]["eventType"], &log["events"][0]["targetId"]),
        (&json!("membership.created"), &json!(format!("acme.test:{id}")))
    );
}

#[tokio::test]
async fn a_directory_knows_its_own_organisation_alone() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, eve) = (Caller::new("acme.test", "kim", "owner"), Caller::new("other.test", "eve", "owner"));
    let (acme, other) = (Directory::of(&server, &kim).await, Directory::of(&server, &eve).await);
    let id = acme.provision(json!({ "userName": "sam@acme.test", "externalId": "ext-sam" })).await;
    let off = json!({ "userName": "sam@acme.test", "active": false });
    let patch = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    for (method, body) in [(Method::GET, None), (Method::PUT, Some(off)), (Method::PATCH, Some(patch)), (Method::DELETE, None)] {
        expect_error(&other.ask(method, &format!("/Users/{id}"), body).await, StatusCode::NOT_FOUND, "Resource was not found.");
    }
    let group = json!({ "displayName": "owner", "members": [{ "value": "ext-sam" }] });
    assert_eq!(other.ask(Method::POST, "/Groups", Some(group)).await.status, StatusCode::CREATED);
    let theirs = other.get("/Users?filter=userName%20eq%20%22sam@acme.test%22").await.body;
    assert_eq!(theirs["totalResults"], 0);
    assert_ne!(other.provision(json!({ "userName": "sam@acme.test" })).await, id, "the same person elsewhere is another member");
    let sam = Caller::new("acme.test", "sam", "member");
    assert_eq!(server.ask(&sam, Method::GET, "/api/workspace", None).await.body["role"], "member");
    assert_eq!(acme.get(&format!("/Users/{id}")).await.body["active"], true);
}

#[tokio::test]
async fn every_path_asks_for_the_token_and_a_new_one_ends_the_old() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme.test", "owner1", "owner");
    let old = Directory::of(&server, &owner).await;
    for path in ["/ServiceProviderConfig", "/Users", "/Groups", "/Nothing", ""] {
        let without = Answer::of(server.request(Method::GET, &format!("/scim/v2{path}"))).await;
        expect_error(&without, StatusCode::UNAUTHORIZED, "SCIM authorization is required.");
        let wrong = Answer::of(server.request(Method::GET, &format!("/scim/v2{path}")).bearer_auth("scim_wrong")).await;
        expect_error(&wrong, StatusCode::UNAUTHORIZED, "SCIM token is invalid.");
    }
    assert_eq!(old.get("/ServiceProviderConfig").await.body["filter"], json!({ "supported": true, "maxResults": 500 }));
    for (method, path) in [(Method::GET, "/Groups"), (Method::DELETE, "/Groups/g1"), (Method::GET, "/Nothing"), (Method::POST, "/Bulk")] {
        expect_error(&old.ask(method, path, None).await, StatusCode::NOT_FOUND, "Resource was not found.");
    }
    let new = Directory::of(&server, &owner).await;
    expect_error(&old.get("/Users").await, StatusCode::UNAUTHORIZED, "SCIM token is invalid.");
    assert_eq!(new.get("/Users").await.status, StatusCode::OK);
    server.ask(&owner, Method::POST, "/api/admin/sso", Some(json!({ "scimEnabled": false }))).await;
    expect_error(&new.get("/Users").await, StatusCode::UNAUTHORIZED, "SCIM token is invalid.");
    server.ask(&owner, Method::POST, "/api/admin/sso", Some(json!({ "scimEnabled": true }))).await;
    expect_error(&new.get("/Users").await, StatusCode::UNAUTHORIZED, "SCIM token is invalid.");
    let api = server.request(Method::GET, "/api/sessions").bearer_auth(&new.token);
    assert_eq!(Answer::of(api).await.status, StatusCode::UNAUTHORIZED, "it opens nothing else");
}
