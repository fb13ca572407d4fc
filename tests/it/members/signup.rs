use super::{code, let_in, mode, person};
use crate::{
    caller::{Caller, HEADER_MODE},
    program::run_with,
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

async fn visit(server: &Server, caller: &Caller) -> (u16, String) {
    let answer = server.ask(caller, Method::GET, "/api/workspace", None).await;
    (answer.status.as_u16(), code(&answer).1.to_owned())
}

async fn access(server: &Server, caller: &Caller) -> Value {
    let answer = server.ask(caller, Method::GET, "/api/admin/access", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body["access"].clone()
}

#[tokio::test]
async fn in_mode_open_a_stranger_joins_with_the_first_visit_and_not_by_asking() {
    let server = Server::with(&mode("open")).await;
    let kim = person("kim", "owner");
    assert_eq!(access(&server, &kim).await["permissions"].as_array().map(Vec::len), Some(16), "what they would be");
    assert_eq!(server.rows("select * from memberships").await.len(), 0);
    let_in(&server, &[&kim, &person("lee", "member")]).await;
    assert_eq!(access(&server, &person("kim", "member")).await["role"], "owner", "the stored role counts");
    let audit = server.ask(&kim, Method::GET, "/api/admin/audit?action=membership.created", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(2), "{audit:?}");
    assert_eq!(audit.body["events"][0]["targetId"], "acme.test:lee");
    let denied = server.ask(&person("lee", "member"), Method::GET, "/api/admin/audit", None).await;
    assert_eq!(code(&denied), (403, "auth.role_insufficient"), "{denied:?}");
    let overview = server.ask(&kim, Method::GET, "/api/admin", None).await;
    assert_eq!(
        overview.body["policy"]["signup"],
        json!({"mode": "open", "allowSelfServiceSignup": true, "allowedEmailDomains": [], "invitesEnabled": false})
    );
    assert_eq!(overview.body["policy"]["org"]["orgId"], "acme.test");
    assert_eq!(overview.body, server.ask(&kim, Method::GET, "/api/admin/policy", None).await.body);
}

#[tokio::test]
async fn in_mode_disabled_only_operators_let_people_in() {
    let server = Server::with(&mode("closed")).await;
    let kim = person("kim", "owner");
    assert_eq!(visit(&server, &kim).await, (403, "auth.membership_missing".to_owned()));
    assert_eq!(server.rows("select * from orgs").await.len(), 0, "a stranger founds nothing");
    let created = run_with(
        &["org", "create", "acme.test", "--name", "Acme", "--owner", "kim"],
        &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())],
    );
    created.expect_code(0);
    assert_eq!(visit(&server, &person("kim", "member")).await, (200, String::new()));
    assert_eq!(access(&server, &person("kim", "member")).await["role"], "owner");
    assert_eq!(visit(&server, &person("lee", "owner")).await, (403, "auth.membership_missing".to_owned()));
    assert_eq!(access(&server, &person("lee", "owner")).await["permissions"], json!([]), "a claimed role is nothing");
}

#[tokio::test]
async fn in_mode_domain_the_address_decides() {
    let [auth, secret, mode, _] = mode("domain");
    let server = Server::with(&[auth, secret, mode, ("ALLOWED_EMAIL_DOMAINS", "acme.test,partner.test")]).await;
    assert_eq!(visit(&server, &person("kim", "member")).await.0, 200);
    assert_eq!(visit(&server, &Caller::new("acme.test.evil.test", "eve", "member")).await, (403, "auth.domain_not_allowed".to_owned()));
    assert_eq!(visit(&server, &Caller::new("gmail.com", "eve", "member")).await, (403, "auth.domain_not_allowed".to_owned()));
    assert_eq!(server.rows("select * from orgs").await.len(), 1);
}

#[tokio::test]
async fn in_single_org_mode_everybody_belongs_to_the_one_organisation() {
    let [auth, secret] = HEADER_MODE;
    let server =
        Server::with(&[auth, secret, ("ORG_MODE", "single-org"), ("SINGLE_ORG_ID", "house"), ("SINGLE_ORG_NAME", "The House")]).await;
    let (kim, lee) = (Caller::new("acme.test", "kim", "owner"), Caller::new("globex.test", "lee", "member"));
    let_in(&server, &[&kim, &lee]).await;
    let members = server.ask(&kim, Method::GET, "/api/admin/members", None).await;
    assert_eq!(members.body["members"].as_array().map(Vec::len), Some(2), "{members:?}");
    let workspace = server.ask(&lee, Method::GET, "/api/workspace", None).await;
    assert_eq!(
        (&workspace.body["orgId"], &workspace.body["tenantId"], &workspace.body["orgName"]),
        (&json!("house"), &json!("house"), &json!("The House"))
    );
}

#[tokio::test]
async fn another_mode_at_the_next_start_is_audited_once() {
    let database = Arc::new(TestDatabase::create().await);
    let [auth, secret] = HEADER_MODE;
    let house = ("ORG_MODE", "single-org");
    let start = |mode| Server::launch(Setting::sharing(database.clone(), &[auth, secret, house, ("SIGNUP_MODE", mode)]));
    for mode in ["open", "open", "closed"] {
        let mut server = start(mode);
        let_in(&server, &[&person("kim", "owner")]).await;
        server.kill();
    }
    let server = start("disabled");
    let audit = server.ask(&person("kim", "owner"), Method::GET, "/api/admin/audit?action=signup_mode.changed", None).await;
    let events = audit.body["events"].as_array().expect("a list");
    assert_eq!(events.len(), 1, "closed is another name of disabled: {audit:?}");
    assert_eq!((&events[0]["actorType"], &events[0]["metadata"]), (&json!("system"), &json!({"from": "open", "to": "disabled"})));
}
