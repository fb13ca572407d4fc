use super::{code, disable, let_in, mode, post};
use crate::{caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn two_tenants_with_equal_ids_do_not_meet() {
    let server = Server::with(&mode("open")).await;
    let caller = |tenant, user, role| Caller::new(tenant, user, role);
    let (ours, theirs) = (caller("acme.test", "olga", "owner"), caller("globex.test", "olga", "owner"));
    let_in(&server, &[&ours, &theirs, &caller("acme.test", "kim", "admin"), &caller("globex.test", "kim", "admin")]).await;
    for owner in [&ours, &theirs] {
        let role = json!({"roleKey": "auditor", "name": owner.tenant, "permissions": ["audit:read"]});
        assert_eq!(post(&server, owner, "/api/admin/roles", role).await.status, StatusCode::CREATED, "each has a key of their own");
    }
    post(&server, &theirs, "/api/admin/members/kim/role", json!({"roleKey": "auditor"})).await;
    server.ask(&theirs, Method::DELETE, "/api/admin/roles/auditor", None).await;
    assert_eq!(disable(&server, &theirs, "kim").await.status, StatusCode::OK);

    let members = server.ask(&ours, Method::GET, "/api/admin/members?limit=zero", None).await;
    let members = members.body["members"].as_array().expect("a list");
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|member| member["orgId"] == "acme.test" && member["status"] == "active"), "{members:?}");
    assert_eq!(server.ask(&ours, Method::GET, "/api/admin/roles", None).await.body["roles"][0]["name"], "acme.test");
    let_in(&server, &[&caller("acme.test", "kim", "admin")]).await;
    let gone = server.ask(&caller("globex.test", "kim", "admin"), Method::GET, "/api/workspace", None).await;
    assert_eq!(code(&gone), (403, "auth.membership_missing"));
    let foreign = server.ask(&ours, Method::GET, "/api/admin/members?q=globex", None).await;
    assert_eq!(foreign.body["members"], json!([]));
}
