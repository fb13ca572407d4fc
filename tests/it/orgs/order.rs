use super::cowork;
use crate::{
    event_stream::EventStream,
    members::{code, let_in, mode, person},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_frozen_organisation_reads_on_and_a_paused_one_is_shut() {
    let server = Server::with(&mode("open")).await;
    let kim = person("kim", "owner");
    let_in(&server, &[&kim]).await;
    let mut stream = EventStream::open(server.request(Method::GET, "/api/events").headers(kim.headers())).await;
    let create = async || server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await;
    assert_eq!(cowork(&server, &["org", "freeze", "acme.test"]).expect_code(0).stdout().trim_end(), "acme.test is frozen");
    let refused = create().await;
    assert_eq!(code(&refused), (503, "org.frozen"), "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(server.ask(&kim, Method::GET, "/api/sessions", None).await.status, StatusCode::OK);
    cowork(&server, &["org", "freeze", "acme.test"]).expect_code(0);
    let wrong = cowork(&server, &["org", "resume", "acme.test"]).expect_code(1);
    assert!(wrong.stderr().contains("the organisation is frozen"), "{}", wrong.stderr());
    cowork(&server, &["org", "unfreeze", "acme.test"]).expect_code(0);
    assert_eq!(create().await.status, StatusCode::CREATED);
    // It was open all the time.
    stream.until(|records| !records.is_empty()).await;

    cowork(&server, &["org", "pause", "acme.test"]).expect_code(0);
    stream.until_cut().await;
    assert_eq!(code(&server.ask(&kim, Method::GET, "/api/sessions", None).await), (403, "org.not_active"));
    assert_eq!(code(&create().await), (403, "org.not_active"));
    cowork(&server, &["org", "resume", "acme.test"]).expect_code(0);
    assert_eq!(create().await.status, StatusCode::CREATED);
    let audit = server.ask(&kim, Method::GET, "/api/admin/audit?action=org.&actorType=system", None).await;
    let events: Vec<_> = audit.body["events"].as_array().expect("a list").iter().map(|event| event["eventType"].clone()).collect();
    assert_eq!(events, ["org.resumed", "org.paused", "org.resumed", "org.frozen"], "{audit:?}");
    assert_eq!(audit.body["events"][0]["actorId"], "cli");
    cowork(&server, &["org", "pause", "globex.test"]).expect_code(1);
}

#[tokio::test]
async fn a_member_who_is_disabled_by_command_is_out_at_once() {
    let server = Server::with(&mode("open")).await;
    let (olga, kim) = (person("olga", "owner"), person("kim", "admin"));
    let_in(&server, &[&olga, &kim]).await;
    let mut stream = EventStream::open(server.request(Method::GET, "/api/events").headers(kim.headers())).await;
    let disabled = cowork(&server, &["member", "disable", "--org", "acme.test", "KIM@acme.test", "--output", "json"]).expect_code(0);
    assert!(disabled.stdout().contains("\"status\": \"disabled\""), "{}", disabled.stdout());
    stream.until_cut().await;
    assert_eq!(code(&server.ask(&kim, Method::GET, "/api/workspace", None).await), (403, "auth.membership_missing"));
    cowork(&server, &["member", "enable", "--org", "acme.test", "kim"]).expect_code(0);
    let_in(&server, &[&kim]).await;
    let last = cowork(&server, &["member", "disable", "--org", "acme.test", "olga"]).expect_code(1);
    assert!(last.stderr().contains("The last active owner"), "{}", last.stderr());
    cowork(&server, &["member", "set-role", "--org", "acme.test", "kim", "owner"]).expect_code(0);
    cowork(&server, &["member", "set-role", "--org", "acme.test", "olga", "member"]).expect_code(0);
}
