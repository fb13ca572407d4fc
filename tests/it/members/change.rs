use super::{code, disable, let_in, mode, person, update};
use crate::{caller::Caller, event_stream::EventStream, server::Server, tokens};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn follow(server: &Server, caller: &Caller) -> EventStream {
    EventStream::open(server.request(Method::GET, "/api/events").headers(caller.headers())).await
}

#[tokio::test]
async fn a_demotion_and_a_removal_end_tokens_and_streams_at_once() {
    let server = Server::with(&mode("open")).await;
    let (olga, kim, lee) = (person("olga", "owner"), person("kim", "admin"), person("lee", "member"));
    let_in(&server, &[&olga, &kim, &lee]).await;
    let (_, token) = tokens::issue(&server, &kim, &["desktop"]).await;
    let (mut kims, mut lees) = (follow(&server, &kim).await, follow(&server, &lee).await);
    let demoted = update(&server, &olga, "kim", json!({ "role": "member", "status": "sleeping" })).await;
    assert_eq!((&demoted.body["member"]["role"], &demoted.body["member"]["status"]), (&json!("member"), &json!("active")), "{demoted:?}");
    kims.until_cut().await;
    assert_eq!(code(&server.ask_with(&token, Method::GET, "/api/workspace", None).await), (401, "auth.token_revoked"));
    assert_eq!(code(&server.ask(&kim, Method::POST, "/api/api-tokens", Some(json!({"name": "x"}))).await), (403, "auth.role_insufficient"));

    let promoted = update(&server, &olga, "lee", json!({ "role": "admin" })).await;
    assert_eq!(promoted.status, StatusCode::OK);
    assert_eq!(code(&update(&server, &olga, "lee", json!({ "status": "disabled", "confirm": "kim" })).await), (400, "member.unconfirmed"));
    assert_eq!(disable(&server, &olga, "lee").await.body["member"]["status"], "disabled");
    lees.until_cut().await;
    assert_eq!(code(&server.ask(&lee, Method::GET, "/api/sessions", None).await), (403, "auth.membership_missing"));
    assert_eq!(
        code(&server.ask(&lee, Method::POST, "/api/api-tokens", Some(json!({"name": "x"}))).await),
        (403, "auth.membership_missing")
    );
    let enabled = update(&server, &olga, "lee", json!({ "status": "active" })).await;
    assert_eq!((enabled.status, &enabled.body["member"]["role"]), (StatusCode::OK, &json!("admin")));
    let_in(&server, &[&lee]).await;
    let audit = server.ask(&olga, Method::GET, "/api/admin/audit?action=api_token.revoked", None).await;
    assert_eq!(audit.body["events"][0]["metadata"]["reason"], "member_role_downgraded", "{audit:?}");
}

#[tokio::test]
async fn an_organisation_keeps_an_owner_and_nobody_changes_themselves() {
    let server = Server::with(&mode("open")).await;
    let (olga, kim, lee) = (person("olga", "owner"), person("kim", "admin"), person("lee", "member"));
    let_in(&server, &[&olga, &kim, &lee]).await;
    assert_eq!(code(&update(&server, &olga, "olga", json!({ "role": "admin" })).await), (400, "member.own_membership"));
    assert_eq!(code(&disable(&server, &olga, "olga").await), (400, "member.own_membership"));
    assert_eq!(code(&disable(&server, &kim, "olga").await), (403, "member.owners_only"));
    assert_eq!(code(&update(&server, &kim, "lee", json!({ "role": "owner" })).await), (403, "member.owners_only"));
    assert_eq!(code(&update(&server, &lee, "kim", json!({ "role": "member" })).await), (403, "auth.role_insufficient"));
    assert_eq!(code(&update(&server, &olga, "nobody", json!({ "role": "member" })).await), (404, "member.unknown"));

    // Two owners who remove each other at the same moment: one of them stays.
    assert_eq!(update(&server, &olga, "kim", json!({ "role": "owner" })).await.status, StatusCode::OK);
    let (first, second) = tokio::join!(disable(&server, &olga, "kim"), disable(&server, &kim, "olga"));
    let statuses = [first.status, second.status];
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::FORBIDDEN), "{first:?} {second:?}");
    assert_eq!(server.rows("select * from memberships where role = 'owner' and status = 'active'").await.len(), 1);
}

#[tokio::test]
async fn whoever_runs_the_deployment_does_not_remove_the_last_owner_either() {
    let server = Server::start().await;
    server.get("/api/workspace").await.expect(StatusCode::OK, "");
    let path = "/api/admin/members/local-user/update";
    for change in [json!({ "role": "member" }), json!({ "status": "disabled", "confirm": "local-user" })] {
        let refused = server.post(path, change).await;
        let refused = refused.expect(StatusCode::BAD_REQUEST, "The last active owner cannot be removed or demoted.");
        assert_eq!(refused.body["code"], "member.last_owner");
    }
}
