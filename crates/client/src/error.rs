//! What can go wrong with a call.

use crate::{InvalidBaseUrl, InvalidCredentials};
use http::StatusCode;
use std::time::Duration;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The cloud answered with an error.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No answer came: no connection, or it broke.
    #[error("the cloud could not be reached ({doing}): {source}")]
    Unreachable {
        /// What the client was doing.
        doing: &'static str,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client gave up waiting.
    #[error("no answer within {after:?} ({doing})")]
    Timeout {
        /// What the client was doing.
        doing: &'static str,
        /// How long it waited.
        after: Duration,
    },
    /// The answer is not what the contract says.
    #[error("the answer of the cloud is not understood: {0}")]
    Unexpected(String),
    /// The base URL cannot be used.
    #[error(transparent)]
    BaseUrl(#[from] InvalidBaseUrl),
    /// The credentials cannot be sent.
    #[error(transparent)]
    Credentials(#[from] InvalidCredentials),
}

/// An error answer (contract 00 §5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}{}", .code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable dotted code, where the answer has one.
    pub code: Option<String>,
    /// A sentence for a person.
    pub message: String,
    /// When to try again, where the answer says so.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// Status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Stable code of the answer, if it had one.
    pub fn code(&self) -> Option<&str> {
        self.refusal().and_then(|refusal| refusal.code.as_deref())
    }

    /// When the cloud says to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }

    /// The same request may succeed later: the network failed, the cloud is busy or starting.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Refused(refusal) => refusal.status == StatusCode::TOO_MANY_REQUESTS || refusal.status.is_server_error(),
            Self::Unexpected(_) | Self::BaseUrl(_) | Self::Credentials(_) => false,
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
