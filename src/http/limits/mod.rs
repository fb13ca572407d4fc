//! Limits at the front door (contract 00 §6): who is turned away before anything is done for them, and how they are told.
//!
//! `dispatch` takes every request through [`Limits::visit`], [`Limits::admit`] and [`Limits::leave`]; the gate counts the
//! organisation and the token of an authenticated one with [`Limits::admit_principal`].

mod forwarded;
mod proxies;
mod reach;
mod refusal;
mod webhooks;

use super::{error::ApiError, options::HttpOptions};
use crate::identity::{
    self, OperatorToken, cookie,
    limits::{AddressBlock, Attempt, AuthBackoff, CredentialHash, RateLimits, RateScope, Sweeper},
};
use axum::response::{IntoResponse, Response};
use cowork_actors::Clock;
use cowork_domain::{ids::OrgId, limits::RateLimit};
use cowork_store::Store;
use http::{HeaderMap, Method, StatusCode, header};
use proxies::Proxies;
use reach::Reach;
use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};
use webhooks::WebhookLimits;

/// So many cursors of channels stand for one request.
const CURSORS_OF_A_REQUEST: u64 = 20;

/// What makes a request one of a trusted proxy's (contract 00 §3.5).
const SIGNED_HEADERS: &str = "x-open-cowork-header-auth-";

/// The limits of a node, as far as they are configured.
pub(in crate::http) struct Limits {
    rates: Option<RateLimits>,
    cursors: Option<RateLimits>,
    backoff: Option<AuthBackoff>,
    proxies: Proxies,
    /// Scrapers show it, and aren't counted.
    operator_token: Option<OperatorToken>,
    webhooks: WebhookLimits,
    _sweeper: Sweeper,
}

/// A request on its way through the limits.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Visit {
    attempt: Attempt,
    /// Whether it takes one of its address's requests.
    is_counted: bool,
    credentials: Credentials,
}

/// The address that the messages of an open connection are counted for.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Sender(AddressBlock);

/// What an authenticated request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum CountedAs {
    /// One of its organisation and of its token.
    Request,
    /// A cursor of a channel: gateways send one after each event that they show, and begin a thread's stream anew when one is
    /// refused (contract 04 §9). So they have a budget of their own, which a busy thread doesn't use up.
    Cursor,
}

/// What a request can prove itself with, as far as that decides when its back-off is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials {
    /// A browser's session and nothing else. A valid one is let in however often others failed from the same address, and only
    /// authentication can tell a valid one; so the wait is enforced when it turns out to be invalid.
    SessionAlone,
    /// Anything else.
    Any,
}

impl Limits {
    /// Starts to count what the options say; must be called within a runtime.
    pub(in crate::http) fn start(options: &HttpOptions, store: &Store) -> Self {
        Self {
            rates: options.rate_limit.map(|limit| RateLimits::start(limit, store.clone())),
            cursors: options.rate_limit.map(|limit| {
                let max_requests = limit.max_requests.saturating_mul(CURSORS_OF_A_REQUEST);
                RateLimits::start(RateLimit { max_requests, ..limit }, store.clone())
            }),
            backoff: options.auth_backoff.map(|rule| AuthBackoff::start(rule, store.clone())),
            proxies: Proxies::new(options.trusted_proxies.clone()),
            operator_token: options.auth.operator_token.clone(),
            webhooks: WebhookLimits::start(store),
            _sweeper: Sweeper::start(store.clone()),
        }
    }

    /// The client whose request it is: whoever a trusted proxy names, else the other end of the socket.
    pub(in crate::http) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        self.proxies.client(peer, headers).address()
    }

    /// What the limits have to know of a request; nothing if they don't reach it. The path is in its normal form.
    pub(in crate::http) fn visit(&self, peer: SocketAddr, method: &Method, path: &str, headers: &HeaderMap) -> Option<Visit> {
        let reach = Reach::of(method, path);
        if reach == Reach::Nothing || (self.rates.is_none() && self.backoff.is_none()) {
            return None;
        }
        let is_scraper =
            path == "/metrics" && self.operator_token.as_ref().zip(identity::bearer(headers)).is_some_and(|(token, shown)| token.is(shown));
        if is_scraper {
            return None;
        }
        let credential = headers.get(header::AUTHORIZATION).map(|value| CredentialHash::of(value.as_bytes()));
        let attempt = Attempt { address: self.proxies.client(peer, headers).counted(), credential };
        Some(Visit { attempt, is_counted: reach == Reach::Everything, credentials: Credentials::of(headers) })
    }

    /// Whether a request may go on: its address has requests left, and doesn't have to wait after bad credentials.
    pub(in crate::http) async fn admit(&self, visit: Visit) -> Result<(), ApiError> {
        let now = Clock.instant();
        if let Some(rates) = self.rates.as_ref().filter(|_| visit.is_counted) {
            rates.admit(RateScope::Address(visit.attempt.address), now).await.map_err(refusal::too_many_requests)?;
        }
        match &self.backoff {
            Some(backoff) if visit.credentials == Credentials::Any => {
                backoff.check(visit.attempt, now).map_err(refusal::too_many_rejections)
            }
            _ => Ok(()),
        }
    }

    /// Whose requests the messages of a connection are that stays open.
    pub(in crate::http) fn sender(&self, peer: SocketAddr, headers: &HeaderMap) -> Sender {
        Sender(self.proxies.client(peer, headers).counted())
    }

    /// The limits of webhooks, which authenticate in a way of their own.
    pub(in crate::http) const fn webhooks(&self) -> &WebhookLimits {
        &self.webhooks
    }

    /// Whether a message that asks for something may go on: it takes one of its address's requests, as it would over HTTP.
    pub(in crate::http) async fn admit_message(&self, sender: Sender, now: Instant) -> Result<(), ApiError> {
        let Some(rates) = &self.rates else { return Ok(()) };
        rates.admit(RateScope::Address(sender.0), now).await.map_err(refusal::too_many_requests)
    }

    /// Notes how a request that went on was answered. The answer becomes a refusal where only now it is known that the
    /// caller had to wait.
    pub(in crate::http) async fn leave(&self, visit: Visit, response: Response) -> Response {
        let Some(backoff) = self.backoff.as_ref().filter(|_| response.status() == StatusCode::UNAUTHORIZED) else { return response };
        let now = Clock.instant();
        if visit.credentials == Credentials::SessionAlone
            && let Err(limited) = backoff.check(visit.attempt, now)
        {
            return refusal::too_many_rejections(limited).into_response();
        }
        backoff.failed(visit.attempt, now).await;
        response
    }

    /// Whether an authenticated caller has requests left: as part of an organisation, and with the API token that it showed.
    pub(in crate::http) async fn admit_principal(
        &self,
        org: &OrgId,
        token_id: Option<&str>,
        counted: CountedAs,
        now: Instant,
    ) -> Result<(), ApiError> {
        let (Some(rates), Some(cursors)) = (&self.rates, &self.cursors) else { return Ok(()) };
        if counted == CountedAs::Cursor {
            let whose = RateScope::Cursors(token_id.unwrap_or(org.as_str()));
            return cursors.admit(whose, now).await.map_err(refusal::too_many_requests);
        }
        rates.admit(RateScope::Org(org), now).await.map_err(refusal::too_many_requests)?;
        match token_id {
            Some(token) => rates.admit(RateScope::Token(token), now).await.map_err(refusal::too_many_requests),
            None => Ok(()),
        }
    }
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Self {
        let has_other =
            || headers.contains_key(header::AUTHORIZATION) || headers.keys().any(|name| name.as_str().starts_with(SIGNED_HEADERS));
        if cookie::value(headers, cookie::SESSION_COOKIE).is_some() && !has_other() { Self::SessionAlone } else { Self::Any }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_session_alone_is_one_that_nothing_else_comes_with() {
        let of = |lines: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                headers.append(*name, HeaderValue::from_static(line));
            }
            Credentials::of(&headers)
        };
        assert_eq!(of(&[("cookie", "a=b; open_cowork_cloud_session=x.y")]), Credentials::SessionAlone);
        assert_eq!(of(&[("cookie", "a=b"), ("cookie", "open_cowork_cloud_session=x")]), Credentials::SessionAlone);
        assert_eq!(of(&[("cookie", "not_open_cowork_cloud_session=x; open_cowork_cloud_session")]), Credentials::Any);
        assert_eq!(of(&[]), Credentials::Any);
        let session = ("cookie", "open_cowork_cloud_session=x");
        assert_eq!(of(&[session, ("authorization", "Bearer guess")]), Credentials::Any, "guesses don't hide behind a cookie");
        assert_eq!(of(&[session, ("x-open-cowork-header-auth-secret", "guess")]), Credentials::Any);
    }
}
