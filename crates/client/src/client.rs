//! The client: a pool of connections, credentials, and one way to send a request.

use crate::{
    ClientError, ClientOptions, Credentials, Timeouts,
    credentials::{Signer, since_epoch},
    options::BaseUrl,
    response::Answer,
};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, CONTENT_TYPE},
    uri::{PathAndQuery, Scheme},
};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, Serialize};
use std::{fmt, future::Future, sync::Arc, time::Duration};

/// A client of one cloud, acting as one user. Clones share everything.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: Arc<BaseUrl>,
    signer: Arc<Signer>,
    timeouts: Timeouts,
}

impl Client {
    /// A client that connects with its first request.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let ClientOptions { base_url, credentials, timeouts } = options;
        let base = BaseUrl::parse(&base_url)?;
        let signer = Signer::new(&credentials)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeouts.connect));
        let pool =
            Pool::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_mins(1)).build(connector);
        Ok(Self { pool, base: Arc::new(base), signer: Arc::new(signer), timeouts })
    }

    /// The same connections for another user.
    pub fn with_credentials(&self, credentials: &Credentials) -> Result<Self, ClientError> {
        Ok(Self { signer: Arc::new(Signer::new(credentials)?), ..self.clone() })
    }

    /// How long the client waits for what.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The headers that authenticate a request now; for callers that drive a connection on their own.
    pub fn authentication_headers(&self) -> http::HeaderMap {
        let mut headers = http::HeaderMap::new();
        self.signer.apply(&mut headers, since_epoch());
        headers
    }

    pub(crate) async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, ClientError> {
        self.call(Method::GET, path, Bytes::new()).await?.json()
    }

    pub(crate) async fn post<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.call(Method::POST, path, encode(body)?).await?.json()
    }

    pub(crate) async fn delete<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, ClientError> {
        self.call(Method::DELETE, path, Bytes::new()).await?.json()
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, ClientError> {
        let request = self.request(method, path, body, "application/json")?;
        let exchange = async { Answer::read(self.send(request).await?).await };
        within(self.timeouts.request, "waiting for the answer", exchange).await
    }

    /// Sends a request for an event stream; returns once its headers came.
    pub(crate) async fn open_stream(&self, path: &str) -> Result<Response<Incoming>, ClientError> {
        let request = self.request(Method::GET, path, Bytes::new(), "text/event-stream")?;
        let exchange = async {
            let response = self.send(request).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(Answer::read(response).await?.refusal().into())
        };
        within(self.timeouts.request, "opening the stream", exchange).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        self.pool.request(request).await.map_err(|error| ClientError::Unreachable {
            doing: if error.is_connect() { "connecting" } else { "sending the request" },
            // hyper's own text only says "client error (Connect)": what a person needs is in its cause.
            source: match std::error::Error::source(&error) {
                Some(cause) => cause.to_string().into(),
                None => error.into(),
            },
        })
    }

    fn request(&self, method: Method, path: &str, body: Bytes, accept: &'static str) -> Result<Request<Full<Bytes>>, ClientError> {
        let target = format!("{}{path}", self.base.prefix);
        let target =
            PathAndQuery::try_from(target).map_err(|error| ClientError::Unexpected(format!("cannot be asked for {path}: {error}")))?;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.base.authority.clone());
        uri.path_and_query = Some(target);
        let uri = Uri::from_parts(uri).expect("scheme, authority and path make a uri");

        let has_body = !body.is_empty();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.reserve(10);
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.signer.apply(headers, since_epoch());
        Ok(request)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A request body as JSON.
pub(crate) fn encode(body: &impl Serialize) -> Result<Bytes, ClientError> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|error| ClientError::Unexpected(format!("the request is not json: {error}")))
}

async fn within<T>(limit: Duration, doing: &'static str, exchange: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::time::timeout(limit, exchange).await.unwrap_or(Err(ClientError::Timeout { doing, after: limit }))
}
