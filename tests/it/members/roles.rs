use super::{code, let_in, mode, person, post};
use crate::{caller::Caller, server::Server, tokens};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn status(server: &Server, caller: &Caller, path: &str) -> u16 {
    server.ask(caller, Method::GET, path, None).await.status.as_u16()
}

#[tokio::test]
async fn a_custom_role_replaces_the_built_in_one_for_all_its_holders() {
    let server = Server::with(&mode("open")).await;
    let (olga, kim, lee) = (person("olga", "owner"), person("kim", "admin"), person("lee", "admin"));
    let_in(&server, &[&olga, &kim, &lee]).await;
    let auditor = json!({"roleKey": " Auditor", "name": "Auditor", "description": "Reads the log", "baseRole": "king", "permissions": ["audit:read", "org:read"]});
    let created = post(&server, &olga, "/api/admin/roles", auditor.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let role = &created.body["role"];
    assert_eq!(
        (&role["roleKey"], &role["baseRole"], &role["permissions"]),
        (&json!("auditor"), &json!("member"), &json!(["org:read", "audit:read"]))
    );
    assert_eq!(code(&post(&server, &olga, "/api/admin/roles", auditor).await), (409, "custom_role.exists"));
    for bad in [
        json!({"name": "x"}),
        json!({"roleKey": "x1"}),
        json!({"roleKey": "owner", "name": "x"}),
        json!({"roleKey": "1x", "name": "x"}),
        json!({"roleKey": "x1", "name": "x", "permissions": ["root"]}),
        json!({"roleKey": "x1", "name": "x", "permissions": [7]}),
        json!({"roleKey": "x1", "name": "a\u{0}"}),
    ] {
        let refused = post(&server, &olga, "/api/admin/roles", bad.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad} {refused:?}");
    }
    assert_eq!(code(&server.ask(&kim, Method::GET, "/api/admin/roles", None).await), (403, "auth.role_insufficient"));

    let assign = async |by: &Caller, account: &str, key: serde_json::Value| {
        post(&server, by, &format!("/api/admin/members/{account}/role"), json!({ "roleKey": key })).await
    };
    assert_eq!(code(&assign(&olga, "olga", json!("auditor")).await), (400, "member.own_membership"), "before anything is changed");
    assert_eq!(code(&assign(&olga, "kim", json!("nothing")).await), (404, "custom_role.unknown"));
    assert_eq!(code(&assign(&olga, "nobody", json!("auditor")).await), (404, "member.unknown"));
    let (_, kims) = tokens::issue(&server, &kim, &["desktop"]).await;
    let assigned = assign(&olga, "kim", json!("auditor")).await;
    assert_eq!((&assigned.body["member"]["customRoleKey"], &assigned.body["member"]["role"]), (&json!("auditor"), &json!("admin")));
    let refused = server.ask_with(&kims, Method::GET, "/api/workspace", None).await;
    assert_eq!(code(&refused), (401, "auth.token_revoked"), "kim lost most of it: {refused:?}");
    assert_eq!((status(&server, &kim, "/api/admin/audit").await, status(&server, &kim, "/api/admin/members").await), (200, 403));
    assert_eq!(status(&server, &kim, "/api/sessions").await, 200, "every member may");
    let access = server.ask(&kim, Method::GET, "/api/admin/access", None).await;
    assert_eq!(
        (&access.body["access"]["customRoleKey"], &access.body["access"]["permissions"]),
        (&json!("auditor"), &json!(["org:read", "audit:read"]))
    );

    // What only an owner has, an admin hands to nobody.
    post(&server, &olga, "/api/admin/roles", json!({"roleKey": "cashier", "name": "Cashier", "permissions": ["billing:manage"]})).await;
    assert_eq!(code(&assign(&lee, "kim", json!("cashier")).await), (403, "member.beyond_own_power"));

    let update = async |body| post(&server, &olga, "/api/admin/roles/auditor/update", body).await;
    let renamed = update(json!({"name": " ", "description": null, "baseRole": "x", "permissions": "y"})).await;
    assert_eq!((&renamed.body["role"]["name"], &renamed.body["role"]["description"]), (&json!("Auditor"), &json!(null)), "{renamed:?}");
    let shrunk = update(json!({"permissions": ["org:read"]})).await;
    assert_eq!(shrunk.body["role"]["permissions"], json!(["org:read"]));
    assert_eq!(status(&server, &kim, "/api/admin/audit").await, 403);
    let missing = post(&server, &olga, "/api/admin/roles/none/update", json!({})).await;
    missing.expect(StatusCode::NOT_FOUND, "Custom role was not found.");
    let delete = async || server.ask(&olga, Method::DELETE, "/api/admin/roles/auditor", None).await.body;
    assert_eq!((delete().await, delete().await), (json!({"deleted": true}), json!({"deleted": false})));
    assert_eq!(status(&server, &kim, "/api/admin/members").await, 200, "back to the built-in role");
    assert_eq!(assign(&olga, "kim", json!(null)).await.body["member"]["customRoleKey"], json!(null));
    let roles = server.ask(&olga, Method::GET, "/api/admin/roles", None).await;
    assert_eq!(roles.body["roles"].as_array().map(Vec::len), Some(1));
}
