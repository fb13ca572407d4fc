//! How a turn fails, and which failures of a provider pass by themselves.

use super::http::Silence;
use crate::broker::{BrokenAnswer, KeySourceError, Refusal, ResolveError};
use hyper_util::client;
use rig_core::{ProviderError, http_client};
use std::time::Duration;

/// The longest piece of a provider's own words that is shown.
const MAX_QUOTE: usize = 300;

/// The end of a turn that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn silence(limit: Duration) -> Self {
        Self::new("runtime.deadline_exceeded", format!("the model provider sent nothing for {} s", limit.as_secs_f32()))
    }

    pub(crate) fn turn_deadline(limit: Duration) -> Self {
        Self::new("runtime.deadline_exceeded", format!("the turn took longer than {} s", limit.as_secs_f32()))
    }

    pub(crate) fn rounds(limit: u32) -> Self {
        Self::new("runtime.rounds_exhausted", format!("the agent made {limit} model calls without coming to an end"))
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        Self::new(error.code().as_str(), error.to_string())
    }
}

/// Why a turn stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed, and says so.
    Failed(Failure),
    /// Nobody listens any more.
    Gone,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A failed model call.
#[derive(Debug)]
pub(crate) struct CallFailure {
    /// What it means if it is final.
    pub(crate) failure: Failure,
    /// What it means if it is tried again: why, and how long the provider asks to wait.
    pub(crate) retry: Option<Retry>,
}

/// A reason to try again.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) reason: String,
    pub(crate) after: Option<Duration>,
}

impl From<Failure> for CallFailure {
    fn from(failure: Failure) -> Self {
        Self { failure, retry: None }
    }
}

impl CallFailure {
    /// Sorts what the provider's protocol reported.
    pub(crate) fn sort(error: &ProviderError) -> Self {
        let status = error.provider_response_status().map(|status| status.as_u16());
        match (error, status) {
            // What a provider says about a key may quote the key, so it isn't passed on.
            (ProviderError::InvalidAuthentication(_), _) | (_, Some(401 | 403)) => {
                Failure::new("runtime.provider_unauthorized", "the model provider refused the configured key").into()
            }
            (_, Some(429)) => Self {
                failure: Failure::new("runtime.provider_rate_limited", "the model provider's rate limit is reached; try again later"),
                retry: Some(Retry { reason: "the model provider's rate limit is reached".to_owned(), after: retry_after(error) }),
            },
            (_, Some(status)) if status == 408 || status == 425 || status >= 500 => Self {
                failure: Failure::new(
                    "runtime.provider_error",
                    format!("the model provider answered with status {status}{}", quote(error)),
                ),
                retry: Some(Retry { reason: format!("the model provider answered with status {status}"), after: retry_after(error) }),
            },
            (_, Some(status)) if status >= 400 => {
                Failure::new("runtime.provider_error", format!("the model provider answered with status {status}{}", quote(error))).into()
            }
            (ProviderError::Http(error), _) => Self::sort_transport(error),
            (ProviderError::Truncated, _) => Self::cut_off(),
            _ => Failure::new("runtime.provider_error", format!("the model provider's answer can't be used{}", quote(error))).into(),
        }
    }

    fn sort_transport(error: &http_client::Error) -> Self {
        let http_client::Error::Instance(cause) = error else {
            return Failure::new("runtime.provider_error", "the model provider's answer is not the protocol that is configured").into();
        };
        if let Some(Silence(limit)) = cause.downcast_ref() {
            return Failure::silence(*limit).into();
        }
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return Self::sort_refusal(refusal);
        }
        if let Some(BrokenAnswer::Over(end)) = cause.downcast_ref() {
            return Failure::new(end.code().as_str(), end.message()).into();
        }
        let connects = cause.downcast_ref::<client::legacy::Error>().is_some_and(client::legacy::Error::is_connect);
        if connects { Self::unreachable() } else { Self::cut_off() }
    }

    /// Sorts what the broker says. Only what lies on the way to the provider may pass by itself.
    fn sort_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unreachable => Self::unreachable(),
            Refusal::BrokeOff => Self::cut_off(),
            Refusal::Silent(limit) => Failure::silence(*limit).into(),
            Refusal::Key(KeySourceError::Unavailable(_)) => Self {
                failure: Failure::new(refusal.code().as_str(), "the provider key can't be read at the moment"),
                retry: Some(Retry { reason: "the provider key can't be read at the moment".to_owned(), after: None }),
            },
            Refusal::BudgetUnknown => Self {
                failure: Failure::new(refusal.code().as_str(), refusal.to_string()),
                retry: Some(Retry { reason: refusal.to_string(), after: None }),
            },
            refusal => Failure::new(refusal.code().as_str(), refusal.to_string()).into(),
        }
    }

    fn unreachable() -> Self {
        Self {
            failure: Failure::new("runtime.provider_unreachable", "the model provider can't be reached"),
            retry: Some(Retry { reason: "the model provider can't be reached".to_owned(), after: None }),
        }
    }

    fn cut_off() -> Self {
        Self {
            failure: Failure::new("runtime.provider_unreachable", "the connection to the model provider broke off"),
            retry: Some(Retry { reason: "the connection to the model provider broke off".to_owned(), after: None }),
        }
    }
}

fn retry_after(error: &ProviderError) -> Option<Duration> {
    let header = error.provider_response_headers()?.get(http::header::RETRY_AFTER)?;
    header.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The provider's own explanation, if its error has the usual shape.
fn quote(error: &ProviderError) -> String {
    let document = error.provider_response_json().ok().flatten();
    let said = document.as_ref().and_then(|document| document.pointer("/error/message").or_else(|| document.get("message"))?.as_str());
    let Some(said) = said.map(str::trim).filter(|said| !said.is_empty()) else { return String::new() };
    let end = said.char_indices().nth(MAX_QUOTE).map_or(said.len(), |(end, _)| end);
    format!(": {}", &said[..end])
}
