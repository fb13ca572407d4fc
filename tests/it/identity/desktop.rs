//! A desktop's whole day with an API token, in the order in which the desktop client does it: nothing it needs is missing, and
//! nothing works any more once the token is taken back (contract README, P0; requirements R-TOK-07, R-TOK-08).

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    event_stream::EventStream,
    server::{PATIENCE, Server},
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

struct Desktop<'a> {
    server: &'a Server,
    token: String,
}

impl Desktop<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server.request(method, path).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    async fn until_view(&self, session: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view = self.get(&format!("/api/sessions/{session}/view")).await.body;
            if wanted(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "the session never came to what is wanted: {view:#}");
            tokio::time::sleep(crate::program::GLANCE).await;
        }
    }
}

#[tokio::test]
async fn a_desktop_works_with_its_token_until_it_is_taken_back() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "olga", "owner");
    let issued = server.ask(&owner, Method::POST, "/api/api-tokens", Some(json!({ "name": "desk", "scopes": ["desktop"] }))).await;
    let issued = issued.expect(StatusCode::CREATED, "");
    let desktop = Desktop { server: &server, token: issued.body["plaintext"].as_str().expect("it is shown once").to_owned() };

    let me = desktop.get("/auth/me").await.expect(StatusCode::OK, "");
    assert_eq!((&me.body["principal"]["authSource"], &me.body["principal"]["tokenScopes"]), (&json!("api_token"), &json!(["desktop"])));
    let workspace = desktop.get("/api/workspace").await.expect(StatusCode::OK, "");
    assert_eq!(
        (&workspace.body["orgId"], &workspace.body["userId"], &workspace.body["role"]),
        (&json!("acme"), &json!("olga"), &json!("owner"))
    );
    let config = desktop.get("/api/config").await.expect(StatusCode::OK, "");
    assert_eq!(config.body["features"]["chat"], true);
    assert!(desktop.get("/api/policy/effective").await.expect(StatusCode::OK, "").body["policy"].is_object());

    let created = desktop.post("/api/sessions", json!({})).await.expect(StatusCode::CREATED, "");
    let session = created.body["session"]["sessionId"].as_str().expect("an id").to_owned();
    let list = desktop.get("/api/sessions").await.expect(StatusCode::OK, "");
    assert_eq!(list.body["sessions"][0]["sessionId"], session.as_str());
    let events = format!("/api/sessions/{session}/events");
    let mut session_stream = EventStream::open(desktop.request(Method::GET, &events)).await;
    let mut workspace_stream = EventStream::open(desktop.request(Method::GET, "/api/events")).await;

    desktop.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": "hello" })).await.expect(StatusCode::ACCEPTED, "");
    session_stream.until(|records| records.iter().any(|record| record["type"] == "assistant.message")).await;
    workspace_stream.until(|records| records.iter().any(|record| record["entityId"] == session.as_str())).await;
    desktop.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": "[[hang]]" })).await.expect(StatusCode::ACCEPTED, "");
    desktop.until_view(&session, |view| view["view"]["isGenerating"] == true).await;
    let aborted = desktop.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert!(aborted.status.is_success(), "{aborted:?}");
    desktop.until_view(&session, |view| view["view"]["isGenerating"] == false).await;
    let artifacts = desktop.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    assert_eq!(artifacts.body["artifacts"], json!([]));

    let id = issued.body["token"]["tokenId"].as_str().expect("an id");
    let revoked = server.ask(&owner, Method::DELETE, &format!("/api/api-tokens/{id}"), None).await.expect(StatusCode::OK, "");
    assert_eq!(revoked.body["revoked"], true);
    for path in ["/auth/me", "/api/workspace", "/api/sessions", "/api/events", &events] {
        let refused = desktop.get(path).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("auth.token_revoked")), "{path}");
    }
    session_stream.until_cut().await;
    workspace_stream.until_cut().await;
}

#[tokio::test]
async fn what_an_agent_made_is_listed_with_the_session() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "[[artifact:a.md|# hello]]").await;
    let list = server.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    let artifact = &list.body["artifacts"][0];
    assert_eq!(
        (&artifact["filename"], &artifact["order"], &artifact["kind"]),
        (&json!("a.md"), &json!(0), &json!("document")),
        "{artifact:#}"
    );
    assert_eq!((&artifact["sessionId"], &artifact["workspaceId"]), (&json!(session), &json!("cloud:default")));
    assert_eq!(server.get("/api/sessions/ses_00000000000070008000000000000000/artifacts").await.status, StatusCode::NOT_FOUND);
}
