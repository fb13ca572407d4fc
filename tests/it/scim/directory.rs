//! A directory and its token.

use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Talks to a server as one organisation's directory.
pub(super) struct Directory<'a> {
    server: &'a Server,
    pub(super) token: String,
}

impl<'a> Directory<'a> {
    /// Of the caller's organisation.
    pub(super) async fn of(server: &'a Server, owner: &Caller) -> Self {
        let configured = server.ask(owner, Method::POST, "/api/admin/sso", Some(json!({ "enabled": true }))).await;
        assert_eq!(configured.status, StatusCode::OK, "{configured:?}");
        let issued = server.ask(owner, Method::POST, "/api/admin/sso/scim-token", None).await;
        assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
        Self { server, token: issued.body["scimToken"].as_str().expect("a token").to_owned() }
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.server.request(method, &format!("/scim/v2{path}")).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// Makes a member, and says under which id.
    pub(super) async fn provision(&self, user: Value) -> String {
        let made = self.ask(Method::POST, "/Users", Some(user)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.body["id"].as_str().expect("an id").to_owned()
    }
}

/// Fails with the whole answer unless it is an error of RFC 7644.
#[track_caller]
pub(super) fn expect_error(answer: &Answer, status: StatusCode, detail: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/scim+json"), "{answer:?}");
    assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!((&answer.body["status"], &answer.body["detail"]), (&json!(status.as_str()), &json!(detail)), "{answer:?}");
}
