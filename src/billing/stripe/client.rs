//! The two requests that we make. Both ask for a page to send somebody to; nothing about money ever passes here.

use cowork_domain::{ids::OrgId, secret::Secret};
use reqwest::{Client, Response, StatusCode, header, redirect};
use serde::Deserialize;
use std::{fmt, time::Duration};

const CONNECT: Duration = Duration::from_secs(3);
/// One try.
const TRY: Duration = Duration::from_secs(10);
/// A request has an idempotency key, so that another try makes no second page.
const TRIES: u32 = 2;
/// Sessions have a few kilobytes.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Codes are short words; whatever is longer could be something that we sent.
const LONGEST_CODE: usize = 64;
/// Answers look as they did then, whatever the account's default is.
const VERSION: &str = "2024-06-20";

/// How Stripe is reached.
pub struct StripeOptions {
    /// Its address, without a slash at the end.
    pub api_url: String,
    /// Proves who we are.
    pub api_key: Secret<String>,
    /// Where people go after a payment, unless they say it.
    pub success_url: Option<String>,
    /// And when they cancel.
    pub cancel_url: Option<String>,
    /// And from the portal.
    pub portal_return_url: Option<String>,
}

/// A connection to Stripe.
pub struct Stripe {
    options: StripeOptions,
    client: Client,
}

/// A page to pay on.
#[derive(Debug)]
pub struct CheckoutRequest<'a> {
    /// Who pays.
    pub org: &'a OrgId,
    /// As the organisation is known there already.
    pub customer: Option<&'a str>,
    /// What for, by our name.
    pub plan: &'a str,
    /// And by Stripe's.
    pub price: &'a str,
    /// Where people go after a payment.
    pub success_url: &'a str,
    /// And when they cancel.
    pub cancel_url: &'a str,
    /// Different for every request that somebody makes.
    pub nonce: &'a str,
}

/// A page that Stripe made.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Its id.
    pub id: Option<String>,
    /// Its address.
    pub url: String,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// It can't be asked now.
    #[error("stripe is unavailable: {0}")]
    Unavailable(String),
    /// It doesn't do what it was asked.
    #[error("stripe refused a request with status {status}: {code}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// Its word for why.
        code: String,
    },
    /// It said something that nobody understands.
    #[error("stripe's answer is malformed")]
    Malformed,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    /// The general word, and the exact one where there is one.
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
}

impl Stripe {
    /// Builds a client; nothing is sent yet.
    pub fn connect(options: StripeOptions) -> Result<Self, reqwest::Error> {
        // A redirect could carry the key elsewhere.
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TRY)
            .pool_max_idle_per_host(2)
            .user_agent("open-cowork-cloud");
        // Only what stands in for Stripe on this machine does without TLS.
        let builder = if options.api_url.starts_with("http://") { builder.no_proxy().http1_only().tls_certs_only([]) } else { builder };
        Ok(Self { client: builder.build()?, options })
    }

    /// How it is configured.
    pub const fn options(&self) -> &StripeOptions {
        &self.options
    }

    /// A page on which somebody subscribes for their organisation.
    pub async fn checkout(&self, wanted: &CheckoutRequest<'_>) -> Result<Page, StripeError> {
        let org = wanted.org.as_str();
        let mut fields = vec![
            ("mode", "subscription"),
            ("line_items[0][price]", wanted.price),
            ("line_items[0][quantity]", "1"),
            ("success_url", wanted.success_url),
            ("cancel_url", wanted.cancel_url),
            ("client_reference_id", org),
            ("metadata[orgId]", org),
            ("metadata[planKey]", wanted.plan),
            // News of the subscription don't mention the page that it comes from.
            ("subscription_data[metadata][orgId]", org),
            ("subscription_data[metadata][planKey]", wanted.plan),
        ];
        if let Some(customer) = wanted.customer {
            fields.push(("customer", customer));
        }
        self.page("/v1/checkout/sessions", &fields, wanted.nonce).await
    }

    /// A page on which a customer manages what they pay.
    pub async fn portal(&self, customer: &str, return_url: Option<&str>, nonce: &str) -> Result<Page, StripeError> {
        let mut fields = vec![("customer", customer)];
        if let Some(url) = return_url {
            fields.push(("return_url", url));
        }
        self.page("/v1/billing_portal/sessions", &fields, nonce).await
    }

    async fn page(&self, path: &str, fields: &[(&str, &str)], nonce: &str) -> Result<Page, StripeError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.attempt(path, fields, nonce).await {
                Err(StripeError::Unavailable(what)) if tried < TRIES => tracing::debug!(what, "stripe is asked again"),
                answered => return answered,
            }
        }
    }

    async fn attempt(&self, path: &str, fields: &[(&str, &str)], nonce: &str) -> Result<Page, StripeError> {
        let request = self
            .client
            .post(format!("{}{path}", self.options.api_url))
            .bearer_auth(self.options.api_key.expose())
            .header("stripe-version", VERSION)
            .header("idempotency-key", nonce)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(fields));
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let status = answer.status();
        let body = read(answer).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| StripeError::Malformed);
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(StripeError::Unavailable(format!("it answered {}", status.as_u16())));
        }
        let code = serde_json::from_slice::<Refusal>(&body).ok().map(|refusal| refusal.error);
        let code = code.and_then(|error| error.code.or(error.kind)).unwrap_or_default();
        let is_word = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
        Err(StripeError::Refused { status: status.as_u16(), code: code.chars().filter(is_word).take(LONGEST_CODE).collect() })
    }
}

impl fmt::Debug for Stripe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stripe").field("api_url", &self.options.api_url).finish_non_exhaustive()
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, StripeError> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| unavailable(&error))? {
        if body.len() + piece.len() > LONGEST_ANSWER {
            return Err(StripeError::Malformed);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn unavailable(error: &reqwest::Error) -> StripeError {
    let what = match () {
        () if error.is_timeout() => "it does not answer in time",
        () if error.is_connect() => "no connection can be made",
        () => "the connection broke",
    };
    StripeError::Unavailable(what.to_owned())
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut address = reqwest::Url::parse("http://localhost/").expect("it is an address");
    address.query_pairs_mut().extend_pairs(fields);
    address.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
