//! How OpenCode's failures are told.

use super::frames::Failed;
use crate::native::failure::Failure;
use cowork_domain::codes::Code;

/// The longest piece of somebody else's words that is shown.
const MAX_QUOTE: usize = 300;

/// Why a turn ended, in the words that the native runtime has for it.
pub(super) fn sort(error: &Failed) -> Failure {
    let (code, message) = match (error.name.as_str(), error.data.status_code) {
        // What a provider says about a key may quote the key, so it isn't passed on.
        ("ProviderAuthError", _) | (_, Some(401 | 403)) => {
            (Code::RuntimeProviderUnauthorized, "the model provider refused the configured key".to_owned())
        }
        (_, Some(429)) => (Code::RuntimeProviderRateLimited, "the model provider's rate limit is reached; try again later".to_owned()),
        (_, Some(status)) => {
            (Code::RuntimeProviderError, format!("the model provider answered with status {status}{}", quoted(&error.data.message)))
        }
        ("MessageAbortedError", None) => (Code::RuntimeFailed, "OpenCode stopped the turn".to_owned()),
        ("APIError", None) => {
            (Code::RuntimeProviderUnreachable, format!("the model provider can't be reached{}", quoted(&error.data.message)))
        }
        (name, None) => (Code::RuntimeFailed, format!("OpenCode failed with {name}{}", quoted(&error.data.message))),
    };
    Failure::new(code.as_str(), message)
}

/// The provider failed in every try.
pub(super) fn provider_gave_up(reason: &str) -> Failure {
    Failure::new(Code::RuntimeProviderError.as_str(), format!("the model provider failed again and again{}", quoted(reason)))
}

/// OpenCode can't be had.
pub(super) fn unavailable(reason: impl std::fmt::Display) -> Failure {
    Failure::new(Code::RuntimeOpencodeUnavailable.as_str(), format!("OpenCode is not available: {reason}"))
}

/// A tool's error as people read it. The list of rules behind a refusal is for nobody.
pub(super) fn tool_error(error: &str) -> String {
    error.split(" Here are some of the relevant rules").next().unwrap_or(error).to_owned()
}

/// Somebody else's words, short and on one line.
pub(super) fn quote(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_QUOTE).collect()
}

fn quoted(text: &str) -> String {
    let quote = quote(text);
    if quote.is_empty() { quote } else { format!(": {quote}") }
}
