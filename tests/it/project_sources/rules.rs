//! What may be worked on, wherever it is asked.

use super::{code, file, session_on, uploaded};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const ONLY_GITHUB: (&str, &str) = ("PROJECT_SOURCES_GIT", r#"{"allowedHosts":["github.com"]}"#);

#[tokio::test]
async fn a_verdict_reads_like_the_recordings_wrapped_or_not() {
    let server = Server::with(&[ONLY_GITHUB]).await;
    let validate = |body: Value| server.post("/api/project-sources/validate", body);
    let site = json!({ "kind": "git", "repositoryUrl": "https://github.com/acme/site", "ref": "main", "subdirectory": "docs" });
    for body in [json!({ "projectSource": site }), site.clone()] {
        assert_eq!(validate(body).await.expect(StatusCode::OK, "").body, json!({ "allowed": true, "reason": null }));
    }
    let elsewhere = json!({ "kind": "git", "repositoryUrl": "https://gitlab.com/a/b" });
    let denied =
        json!({ "allowed": false, "reason": "Git host \"gitlab.com\" is not allowed.", "policyCode": "project_source.git.host_denied" });
    for body in [json!({ "projectSource": elsewhere }), elsewhere.clone()] {
        assert_eq!(validate(body).await.expect(StatusCode::OK, "").body, denied);
    }
    for nothing in [json!({}), json!({ "projectSource": null }), json!({ "projectSource": "x" }), json!({ "kind": "zip" })] {
        let verdict = validate(nothing.clone()).await.expect(StatusCode::OK, "").body;
        assert_eq!((&verdict["allowed"], &verdict["policyCode"]), (&json!(false), &json!("project_source.required")), "{nothing}");
    }

    // The same rules decide about sessions.
    let refused = server.post("/api/sessions", json!({ "projectSource": elsewhere })).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.git.host_denied"));
    let refused = server.post("/api/sessions", json!({ "projectSource": { "kind": "teapot" } })).await;
    refused.expect(StatusCode::BAD_REQUEST, "Cloud project source is invalid.");
    let created = server.post("/api/sessions", json!({ "projectSource": site })).await.expect(StatusCode::CREATED, "");
    assert_eq!(
        created.body["session"]["projectSource"],
        json!({ "kind": "git", "repositoryUrl": "https://github.com/acme/site", "ref": "main", "subdirectory": "docs" })
    );
    let overview = server.get("/api/admin/policy").await.expect(StatusCode::OK, "");
    assert_eq!(overview.body["policy"]["projectSources"]["git"]["allowedHosts"], json!(["github.com"]));
}

#[tokio::test]
async fn a_snapshot_is_its_tenants_alone() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("other", "eve", "owner"));
    let body = json!({ "files": [file("a.txt", b"a")] });
    let made = server.ask(&kim, Method::POST, "/api/project-sources/snapshots", Some(body)).await.expect(StatusCode::CREATED, "");
    let wrapped = json!({ "projectSource": made.body["projectSource"] });
    let verdict = server.ask(&eve, Method::POST, "/api/project-sources/validate", Some(wrapped.clone())).await;
    assert_eq!(verdict.body["allowed"], true, "whose it is, is the session's question");
    let refused = server.ask(&eve, Method::POST, "/api/sessions", Some(wrapped.clone())).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.tenant"));
    let created = server.ask(&kim, Method::POST, "/api/sessions", Some(wrapped.clone())).await.expect(StatusCode::CREATED, "");
    let shown = &created.body["session"]["projectSource"];
    assert_eq!(*shown, json!({ "kind": "snapshot", "snapshotId": made.body["snapshotId"] }), "a record never says where it lies");
    let mut gone = made.body["projectSource"].clone();
    gone["objectKey"] = gone["objectKey"].as_str().expect("a key").replace("/snapshot.json", "/other.json").into();
    let refused = server.ask(&kim, Method::POST, "/api/sessions", Some(json!({ "projectSource": gone }))).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.unknown"));
}

/// A deployment may think better of what it allowed.
#[tokio::test]
async fn a_session_whose_project_is_not_allowed_any_more_takes_no_prompt() {
    let database = Arc::new(TestDatabase::create().await);
    let server = Server::launch(Setting::sharing(database.clone(), &[]));
    let source = uploaded(&server, &[file("a.txt", b"a")]).await;
    let session = session_on(&server, &source).await;
    drop(server);
    let server = Server::launch(Setting::sharing(database, &[("PROJECT_SOURCES_SNAPSHOTS", r#"{"enabled":false}"#)]));
    let refused = server.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": "hello" })).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.disabled"), "{refused:?}");
    let refused = server.post("/api/project-sources/snapshots", json!({ "files": [] })).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.disabled"));
}
