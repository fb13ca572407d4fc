//! Who may read it, and how much.

use super::totals;
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use cowork_domain::codes::Code;
use reqwest::{Method, StatusCode};
use serde_json::json;

const PATHS: [&str; 2] = ["/api/usage/events", "/api/usage/summary"];

#[tokio::test]
async fn an_organisation_reads_its_own_usage_and_members_none() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, mo, bill) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "mo", "member"), Caller::new("acme", "bill", "member"));
    for caller in [&kim, &mo, &bill] {
        assert_eq!(server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await.status, StatusCode::CREATED);
    }
    let eve = Caller::new("globex", "eve", "owner");
    server.ask(&eve, Method::GET, "/api/workspace", None).await.expect(StatusCode::OK, "");

    let read = async |by: &Caller, path: &str| server.ask(by, Method::GET, path, None).await;
    let own = read(&kim, PATHS[1]).await.body;
    assert_eq!(totals(&own)["session.created"], 3, "everybody's of the organisation");
    let foreign = read(&eve, PATHS[1]).await.body;
    assert_eq!((&foreign["events"], &foreign["totals"]), (&json!([]), &json!([])));

    for path in PATHS {
        let refused = read(&mo, path).await;
        let refused = refused.expect(StatusCode::FORBIDDEN, "The authenticated principal cannot perform this workspace action.");
        assert_eq!(refused.policy_code(), Code::AuthorizationPrincipalDenied.as_str());
        assert_eq!(refused.body["code"], Code::AuthRoleInsufficient.as_str());
    }
    server
        .sql(
            "insert into custom_roles (org, role_key, name, base_role, permissions) values ('acme', 'books', 'Books', 'member', '{billing:manage}');
             update memberships set custom_role = 'books' where account = 'bill'",
        )
        .await;
    for path in PATHS {
        assert_eq!(read(&bill, path).await.status, StatusCode::OK, "whoever pays may know what for");
    }
    let issue = json!({ "name": "books", "scopes": ["operator"] });
    let issued = server.ask(&kim, Method::POST, "/api/api-tokens", Some(issue)).await;
    let token = issued.body["plaintext"].as_str().unwrap_or_else(|| panic!("{issued:?}"));
    assert_eq!(Answer::of(server.request(Method::GET, PATHS[0]).bearer_auth(token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_sample_is_as_large_as_asked_and_bounded() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.session().await;
    }
    for path in PATHS {
        let count = async |query: &str| {
            let answer = server.get(&format!("{path}{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            (answer.body["events"].as_array().map(Vec::len), answer.body["eventSampleLimit"].as_u64())
        };
        let limit = |limit| if path == PATHS[1] { Some(limit) } else { None };
        assert_eq!(count("?limit=2").await, (Some(2), limit(2)));
        assert_eq!(count("?limit=9999").await, (Some(3), limit(500)));
        for ignored in ["", "?limit=0", "?limit=-1", "?limit=many", "?limit="] {
            assert_eq!(count(ignored).await, (Some(3), limit(100)), "{ignored}");
        }
    }
    let events = server.get(PATHS[0]).await.body;
    let times: Vec<_> =
        events["events"].as_array().expect("a list").iter().map(|event| event["createdAt"].as_str().expect("text")).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "newest first: {times:?}");
}
