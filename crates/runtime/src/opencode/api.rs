//! OpenCode's classic HTTP API, as far as turns need it. Every call has a time-out: a request that comes as the port opens is
//! accepted and never answered.

use super::{door::Door, events::EventStream, frames};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// The first call for a folder makes OpenCode read its configuration again.
const CALL: Duration = Duration::from_secs(60);
/// The largest answer that is read: a conversation with all its tool results.
const MAX_ANSWER: usize = 64 << 20;

/// A call that has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("OpenCode did not answer {0} in time")]
    Late(&'static str),
    #[error("OpenCode could not be asked for {0}")]
    Connection(&'static str),
    #[error("OpenCode answered {call} with status {status}")]
    Status { call: &'static str, status: StatusCode },
    #[error("OpenCode's answer to {0} is not what was expected")]
    Answer(&'static str),
}

/// One OpenCode server.
#[derive(Clone)]
pub(super) struct Api {
    client: Client<Door, Full<Bytes>>,
    authorization: HeaderValue,
}

impl Api {
    pub(super) fn new(door: Door, password: &str) -> Self {
        let mut authorization = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("opencode:{password}"))))
            .expect("base64 is made of characters that a header can carry");
        authorization.set_sensitive(true);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(30)).build(door);
        Self { client, authorization }
    }

    /// Whether the server is ready for work.
    pub(super) async fn is_healthy(&self) -> bool {
        self.call("its health", Method::GET, "/global/health", None).await.is_ok()
    }

    /// Follows what happens in a folder.
    pub(super) async fn events(&self, folder: &str) -> Result<EventStream, ApiError> {
        const NAME: &str = "its events";
        let path = format!("/event?directory={folder}");
        let opened = self.send(NAME, Method::GET, &path, None);
        let response = timeout(CALL, opened).await.map_err(|_| ApiError::Late(NAME))??;
        Ok(EventStream::new(response.into_body()))
    }

    /// Makes a session. It has a title because OpenCode would ask the model for one otherwise.
    pub(super) async fn create(&self, folder: &str, title: &str) -> Result<String, ApiError> {
        let body = json!({ "title": title });
        let session: frames::Id = self.read("a session", Method::POST, &format!("/session?directory={folder}"), Some(body)).await?;
        Ok(session.id)
    }

    /// Adds words to the conversation that nobody answers.
    pub(super) async fn recall(&self, folder: &str, session: &str, prompt: &Value) -> Result<(), ApiError> {
        let mut body = prompt.clone();
        body["noReply"] = json!(true);
        self.call("a message", Method::POST, &format!("/session/{session}/message?directory={folder}"), Some(body)).await.map(drop)
    }

    /// Starts work on a prompt.
    pub(super) async fn prompt(&self, folder: &str, session: &str, prompt: Value) -> Result<(), ApiError> {
        self.call("a prompt", Method::POST, &format!("/session/{session}/prompt_async?directory={folder}"), Some(prompt)).await.map(drop)
    }

    /// Ends what a session does.
    pub(super) async fn abort(&self, folder: &str, session: &str) -> Result<(), ApiError> {
        self.call("an abort", Method::POST, &format!("/session/{session}/abort?directory={folder}"), Some(json!({}))).await.map(drop)
    }

    /// Forgets a session.
    pub(super) async fn delete(&self, folder: &str, session: &str) -> Result<(), ApiError> {
        self.call("a removal", Method::DELETE, &format!("/session/{session}?directory={folder}"), None).await.map(drop)
    }

    /// Answers a permission request.
    pub(super) async fn permit(&self, folder: &str, request: &str, allowed: bool) -> Result<(), ApiError> {
        let body = if allowed { json!({ "reply": "once" }) } else { json!({ "reply": "reject", "message": "denied by the user" }) };
        self.call("a permission", Method::POST, &format!("/permission/{request}/reply?directory={folder}"), Some(body)).await.map(drop)
    }

    /// Answers a question, with the chosen labels of each of its parts; or rejects it.
    pub(super) async fn answer(&self, folder: &str, request: &str, answers: Option<Vec<Vec<String>>>) -> Result<(), ApiError> {
        let (verb, body) = match answers {
            Some(answers) => ("reply", json!({ "answers": answers })),
            None => ("reject", json!({})),
        };
        self.call("an answer", Method::POST, &format!("/question/{request}/{verb}?directory={folder}"), Some(body)).await.map(drop)
    }

    /// What a session holds, and what waits for a person; for when events were missed.
    pub(super) async fn state(&self, folder: &str, session: &str) -> Result<frames::State, ApiError> {
        let get = Method::GET;
        let statuses = self.read("its status", get.clone(), &format!("/session/status?directory={folder}"), None).await?;
        let messages = self.read("a conversation", get.clone(), &format!("/session/{session}/message?directory={folder}"), None).await?;
        let permissions = self.read("open permissions", get.clone(), &format!("/permission?directory={folder}"), None).await?;
        let questions = self.read("open questions", get.clone(), &format!("/question?directory={folder}"), None).await?;
        let children = self.read("sub-sessions", get, &format!("/session/{session}/children?directory={folder}"), None).await?;
        Ok(frames::State { statuses, messages, permissions, questions, children })
    }

    /// Whether a session works.
    pub(super) async fn is_busy(&self, folder: &str, session: &str) -> Result<bool, ApiError> {
        let statuses: frames::Statuses = self.read("its status", Method::GET, &format!("/session/status?directory={folder}"), None).await?;
        Ok(frames::is_busy(&statuses, session))
    }

    async fn read<T: DeserializeOwned>(&self, call: &'static str, method: Method, path: &str, body: Option<Value>) -> Result<T, ApiError> {
        let answer = self.call(call, method, path, body).await?;
        serde_json::from_slice(&answer).map_err(|_| ApiError::Answer(call))
    }

    async fn call(&self, call: &'static str, method: Method, path: &str, body: Option<Value>) -> Result<Bytes, ApiError> {
        let answered = async {
            let response = self.send(call, method, path, body).await?;
            let read = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            read.map(http_body_util::Collected::to_bytes).map_err(|_| ApiError::Connection(call))
        };
        timeout(CALL, answered).await.map_err(|_| ApiError::Late(call))?
    }

    async fn send(&self, call: &'static str, method: Method, path: &str, body: Option<Value>) -> Result<Response<Incoming>, ApiError> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("http://opencode{path}"))
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|_| ApiError::Connection(call))?;
        let response = self.client.request(request).await.map_err(|_| ApiError::Connection(call))?;
        if response.status().is_success() { Ok(response) } else { Err(ApiError::Status { call, status: response.status() }) }
    }
}
