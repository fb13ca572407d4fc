//! How callers are told that it was too much (contract 00 §6). The body is the standard one on every path.

use crate::{http::error::ApiError, identity::limits::Limited};
use cowork_domain::codes::Code;
use http::StatusCode;

/// A window of the address, the organisation or the token is used up.
pub(super) fn too_many_requests(limited: Limited) -> ApiError {
    refused(Code::HttpRateExceeded, "Too many cloud requests. Try again later.", limited)
}

/// The address or the credential has to wait.
pub(super) fn too_many_rejections(limited: Limited) -> ApiError {
    refused(Code::AuthBackoff, "Too many rejected cloud authentication attempts. Try again later.", limited)
}

fn refused(code: Code, message: &'static str, limited: Limited) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).verdict(code.as_str()).retry_after(limited.retry_after)
}
