//! Plain HTTP requests to a node: like the typed client's, but with a key of our own choice and without
//! an opinion on what an error means.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

/// No answer that a drill asks for comes near.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

/// A pool of connections. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Http {
    pool: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// No answer came: nobody listens, or the connection broke.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no answer: {0}")]
pub(super) struct NoAnswer(String);

impl Http {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_PATIENCE));
        let pool = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self { pool }
    }

    pub(super) async fn get(&self, url: &str, bearer: &str) -> Result<Answer, NoAnswer> {
        let mut headers = HeaderMap::new();
        let authorization = HeaderValue::try_from(format!("Bearer {bearer}")).map_err(|error| NoAnswer(error.to_string()))?;
        headers.insert(header::AUTHORIZATION, authorization);
        self.send(Method::GET, url, headers, Bytes::new()).await
    }

    pub(super) async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, NoAnswer> {
        self.send(Method::POST, url, headers, body).await
    }

    async fn send(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, NoAnswer> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().map_err(|_| NoAnswer(format!("`{url}` is no url")))?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = self.pool.request(request).await.map_err(|error| NoAnswer(innermost(&error)))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await.map_err(|error| NoAnswer(error.to_string()))?;
        Ok(Answer { status, body: body.to_bytes() })
    }
}

/// The text that says something: hyper's own only says "client error".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
