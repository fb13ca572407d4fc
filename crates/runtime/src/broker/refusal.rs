//! Calls that don't come through.

use super::{KeySourceError, LeaseEnd};
use cowork_domain::{codes::Code, provider::Protocol};
use http::StatusCode;
use serde_json::json;
use std::time::Duration;

/// Why a call was not answered by the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody holds this token, or the slot has no turn.
    #[error("the token is not good for anything (any more)")]
    Token,
    /// The protocol has no such call.
    #[error("this is not a model call")]
    Path,
    /// The call exists, by another method.
    #[error("model calls are made by POST")]
    Method,
    /// The turn was granted another model.
    #[error("this turn was granted another model")]
    Model,
    /// The request is not a JSON object.
    #[error("the request is not a JSON object")]
    Body,
    /// The request is larger than is passed on.
    #[error("the request is too large")]
    TooLarge,
    /// The turn makes too many calls at a time.
    #[error("the turn makes too many model calls at a time")]
    TooMany,
    /// The deployment has no such provider (any more), or it speaks another protocol.
    #[error("the provider can't be called in this way")]
    Provider,
    /// No key can be had.
    #[error(transparent)]
    Key(#[from] KeySourceError),
    /// Nobody can say what the organisation has spent.
    #[error("what the organisation has spent of its budget can't be read at the moment")]
    BudgetUnknown,
    /// The lease is over.
    #[error("{}", .0.message())]
    Over(LeaseEnd),
    /// No connection.
    #[error("the model provider can't be reached")]
    Unreachable,
    /// Its certificate isn't one that is trusted here.
    #[error("the model provider's certificate is not trusted here, so nothing was sent to it")]
    Untrusted,
    /// Its address leads where keys don't go.
    #[error("the model provider's name leads to an address that is not allowed")]
    Forbidden,
    /// The connection broke before an answer began.
    #[error("the connection to the model provider broke off")]
    BrokeOff,
    /// No answer began in time.
    #[error("the model provider sent nothing for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// It wants to send the key elsewhere.
    #[error("the model provider answered with a redirect, which is not followed")]
    Redirect,
}

impl Refusal {
    /// The code for programs.
    pub const fn code(&self) -> Code {
        match self {
            Self::Token => Code::AuthTokenRevoked,
            Self::Path | Self::Method | Self::Body | Self::TooLarge | Self::TooMany | Self::Redirect => Code::RuntimeProviderError,
            Self::Model => Code::ByokModelNotAllowed,
            Self::Provider => Code::ByokProviderDisabled,
            Self::Key(KeySourceError::Missing) => Code::ByokKeyMissing,
            Self::Key(error) => LeaseEnd::of(error).code(),
            Self::BudgetUnknown => Code::StoreUnavailable,
            Self::Over(end) => end.code(),
            Self::Untrusted => Code::RuntimeProviderUntrusted,
            Self::Unreachable | Self::Forbidden | Self::BrokeOff => Code::RuntimeProviderUnreachable,
            Self::Silent(_) => Code::RuntimeDeadlineExceeded,
        }
    }

    /// Whether trying again may help.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::TooMany | Self::BudgetUnknown | Self::Unreachable | Self::BrokeOff)
    }

    /// The status for a client that came by HTTP.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Model | Self::Provider | Self::Key(_) | Self::Over(_) => StatusCode::FORBIDDEN,
            Self::Body => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::BudgetUnknown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unreachable | Self::Untrusted | Self::Forbidden | Self::BrokeOff | Self::Redirect => StatusCode::BAD_GATEWAY,
            Self::Silent(_) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The error as clients of this protocol expect it, as JSON.
    pub(super) fn document(&self, protocol: Protocol) -> String {
        let (code, message) = (self.code().as_str(), self.to_string());
        let document = match protocol {
            Protocol::OpenAiChat | Protocol::OpenAiResponses => {
                json!({ "error": { "message": message, "type": "broker_error", "code": code } })
            }
            Protocol::Anthropic => json!({ "type": "error", "error": { "type": "broker_error", "message": message, "code": code } }),
            Protocol::Google => {
                json!({ "error": { "code": self.status().as_u16(), "message": message, "status": "FAILED_PRECONDITION", "reason": code } })
            }
        };
        document.to_string()
    }
}
