use crate::server::Server;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_new_session_has_one_event_and_an_empty_projection() {
    let server = Server::start().await;
    let created = server.post("/api/sessions", json!({ "profileName": null, "projectSource": null, "workspaceId": "ignored" })).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let session = &created.body["session"];
    assert_eq!((&session["status"], &session["title"], &session["opencodeSessionId"]), (&json!("idle"), &json!("New session"), &json!("")));
    let projection = &created.body["projection"];
    assert_eq!(projection["sequence"], 1);
    assert_eq!(projection["view"]["messages"], json!([]));
    assert_eq!(projection["view"]["sessionTokens"], json!({"input":0,"output":0,"reasoning":0,"cacheRead":0,"cacheWrite":0}));
    assert!(created.body.get("view").is_none(), "creation answers the bare envelope");

    let path = format!("/api/sessions/{}", session["sessionId"].as_str().expect("an id"));
    assert_eq!(server.get(&path).await.body, created.body);
    assert_eq!(server.post(&format!("{path}/activate"), json!({})).await.body, created.body);
}

#[tokio::test]
async fn what_is_not_there_is_404_and_says_so() {
    let server = Server::start().await;
    for path in ["/api/sessions/nonsense", "/api/sessions/ses_00000000000000000000000000000000/view"] {
        let missing = server.get(path).await;
        assert_eq!((missing.status, &missing.body["error"]), (StatusCode::NOT_FOUND, &json!("Cloud session was not found.")), "{path}");
    }
}

#[tokio::test]
async fn a_source_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let refused = server.post("/api/sessions", json!({ "projectSource": { "kind": "teapot" } })).await;
    assert_eq!((refused.status, &refused.body["error"]), (StatusCode::BAD_REQUEST, &json!("Cloud project source is invalid.")));
}
