//! The provider over the network. All of it is bounded: whoever controls the provider's address, or its answers, can at most make
//! a sign-in fail.

use http::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

const CONNECT: Duration = Duration::from_secs(3);
/// From the first byte of a request to the last of its answer.
const WHOLE: Duration = Duration::from_secs(10);
/// Discovery documents and key sets have a few kilobytes.
const MOST: usize = 1024 * 1024;
const IDLE: Duration = Duration::from_mins(1);

/// Why the provider was of no use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that broke.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("it does not answer in time")]
    TooSlow,
    /// Not the status that was expected.
    #[error("it answered with status {0}")]
    Status(u16),
    /// More than anybody needs.
    #[error("its answer is too long")]
    TooLong,
    /// Not the document that was asked for.
    #[error("its {0} is malformed")]
    Malformed(&'static str),
    /// The document speaks for somebody else.
    #[error("its discovery document is of another issuer")]
    OtherIssuer,
    /// An endpoint without TLS, where the issuer has it.
    #[error("its {0} is not https")]
    Insecure(&'static str),
    /// No key that could verify a token of ours.
    #[error("it publishes no RSA signing key")]
    NoKeys,
}

/// A client for one provider.
pub(super) fn client(issuer: &str) -> Result<reqwest::Client, reqwest::Error> {
    // A redirect could lead into the network of this server, or carry a code and the client secret elsewhere.
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(2);
    // Only a provider on this machine may do without TLS. Then certificates are not needed, and a proxy can't help.
    let builder = if issuer.starts_with("http://") { builder.no_proxy().http1_only().tls_certs_only([]) } else { builder };
    builder.build()
}

/// Asks the provider.
#[derive(Debug, Clone)]
pub(super) struct ProviderHttp(reqwest::Client);

impl ProviderHttp {
    pub(super) const fn new(client: reqwest::Client) -> Self {
        Self(client)
    }

    /// A JSON document.
    pub(super) async fn document<T: DeserializeOwned>(&self, url: &str, what: &'static str) -> Result<T, FetchError> {
        let request = Request::get(url).header(http::header::ACCEPT, "application/json").body(Vec::new());
        let answer = self.send(request.map_err(|_| FetchError::Malformed("address"))?).await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        serde_json::from_slice(answer.body()).map_err(|_| FetchError::Malformed(what))
    }

    /// One request and its whole answer, whatever its status.
    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        // The client's own limit is the one above; here it also holds for a client that somebody made without it.
        timeout(WHOLE, self.exchange(request)).await.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let request = reqwest::Request::try_from(request).map_err(unreachable)?;
        let mut answer = self.0.execute(request).await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MOST {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// Without the address, whose query could hold something secret.
fn unreachable(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TooSlow;
    }
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchError::Unreachable(text)
}
