//! How services are spoken to: bounded in time and size, tried again where that can help, and quiet about what they say.

use super::ServiceError;
use base64::{Engine, prelude::BASE64_STANDARD};
use cowork_domain::secret::Secret;
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::de::DeserializeOwned;
use std::time::Duration;
use zeroize::Zeroizing;

/// One try.
const TRY: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(2);
/// The pause doubles from one to the next.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Nothing that these services say is near as long.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Codes are short words; a service that says more could be repeating what it was sent.
const LONGEST_CODE: usize = 80;

/// A connection to one service.
#[derive(Clone)]
pub(crate) struct Wire {
    service: &'static str,
    client: Client,
}

/// A whole answer.
pub(crate) struct Reply {
    status: StatusCode,
    body: Zeroizing<Vec<u8>>,
}

impl Wire {
    pub(crate) fn new(service: &'static str) -> Result<Self, ServiceError> {
        Self::trusting(service, None)
    }

    /// Trusts an authority of the deployment's own, too, given as PEM.
    pub(crate) fn trusting(service: &'static str, authority: Option<&str>) -> Result<Self, ServiceError> {
        let mut client = Client::builder();
        if let Some(pem) = authority {
            let no_certificate = |_| ServiceError::Credentials { service, what: "the authority's certificate can't be read".to_owned() };
            client = client.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(no_certificate)?);
        }
        let client = client
            .timeout(TRY)
            .connect_timeout(CONNECT)
            // A redirect would carry credentials to wherever it says.
            .redirect(redirect::Policy::none())
            .user_agent("open-cowork-cloud")
            .build()
            .map_err(|_| ServiceError::Unavailable { service, what: "no client can be made on this machine".to_owned() })?;
        Ok(Self { service, client })
    }

    /// Sends a request until it is answered by something else than trouble. `build` makes it anew each time: signatures age.
    pub(crate) async fn send(&self, build: impl Fn(&Client) -> Result<RequestBuilder, ServiceError>) -> Result<Reply, ServiceError> {
        let mut pause = FIRST_PAUSE;
        let mut tried = 0;
        loop {
            tried += 1;
            let trouble = match exchange(build(&self.client)?).await {
                Ok(reply) if !is_trouble(reply.status) => return Ok(reply),
                Ok(reply) => format!("it answered {}", reply.status.as_u16()),
                Err(what) => what.to_owned(),
            };
            if tried == TRIES {
                return Err(ServiceError::Unavailable { service: self.service, what: trouble });
            }
            tracing::debug!(service = self.service, trouble, tried, "a key service is asked again");
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// The JSON of a success. `code` is where the service says what was wrong.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        code: &str,
        build: impl Fn(&Client) -> Result<RequestBuilder, ServiceError>,
    ) -> Result<T, ServiceError> {
        let reply = self.send(build).await?;
        if !reply.status.is_success() {
            let said: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let said = said.pointer(code).and_then(serde_json::Value::as_str).unwrap_or_default();
            return Err(self.refused(&reply, said));
        }
        serde_json::from_slice(&reply.body).map_err(|_| ServiceError::Answer(self.service))
    }

    /// The text of a success.
    #[cfg(feature = "aws-kms")]
    pub(crate) async fn text(
        &self,
        build: impl Fn(&Client) -> Result<RequestBuilder, ServiceError>,
    ) -> Result<Zeroizing<String>, ServiceError> {
        let reply = self.send(build).await?;
        if !reply.status.is_success() {
            return Err(self.refused(&reply, ""));
        }
        std::str::from_utf8(&reply.body).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| ServiceError::Answer(self.service))
    }

    fn refused(&self, reply: &Reply, said: &str) -> ServiceError {
        let is_word = |c: &char| c.is_ascii_alphanumeric() || " ._-#:".contains(*c);
        let word: String = said.chars().filter(is_word).take(LONGEST_CODE).collect();
        let what = if word.is_empty() { "without a code".to_owned() } else { word };
        ServiceError::Refused { service: self.service, status: reply.status.as_u16(), what }
    }
}

/// What another try may not meet.
fn is_trouble(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT
}

async fn exchange(request: RequestBuilder) -> Result<Reply, &'static str> {
    // An error of the client quotes the address, which may hold more than a host: only its kind is told.
    let kind = |error: reqwest::Error| match () {
        () if error.is_timeout() => "it did not answer in time",
        () if error.is_connect() => "no connection can be made",
        () => "the connection broke",
    };
    let mut answer = request.send().await.map_err(kind)?;
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = answer.chunk().await.map_err(kind)? {
        if body.len() + piece.len() > LONGEST_ANSWER {
            return Err("its answer is too long");
        }
        body.extend_from_slice(&piece);
    }
    Ok(Reply { status: answer.status(), body })
}

/// The text in base64, as three of the services give it.
pub(crate) fn text_of(service: &'static str, base64: String) -> Result<Secret<String>, ServiceError> {
    let base64 = Zeroizing::new(base64);
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(base64.as_bytes()).map_err(|_| ServiceError::Answer(service))?);
    std::str::from_utf8(&bytes).map(|text| Secret::new(text.to_owned())).map_err(|_| ServiceError::Answer(service))
}

/// A body of `application/x-www-form-urlencoded`.
pub(crate) fn form(pairs: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(query(pairs.iter().copied()).into_bytes())
}

/// The part of an address behind the question mark.
pub(crate) fn query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = reqwest::Url::parse("http://localhost/").expect("it is an address");
    address.query_pairs_mut().extend_pairs(pairs);
    address.query().unwrap_or_default().to_owned()
}
