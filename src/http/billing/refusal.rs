//! How billing refuses.

use crate::{
    billing::{NotPaidFor, Provider, StripeError},
    http::{error::ApiError, state::HttpState},
};
use cowork_domain::{billing::BillingRefusal, codes::Code};
use http::StatusCode;
use std::time::Duration;

/// A client asks again after this.
const SOON: Duration = Duration::from_secs(5);

/// Who bills, or 404.
pub(super) fn provider(state: &HttpState) -> Result<&Provider, ApiError> {
    let provider = state.billing.options().provider.as_ref();
    provider.ok_or_else(|| ApiError::not_found("Billing is not enabled for this cloud deployment.").code(Code::BillingDisabled))
}

impl From<BillingRefusal> for ApiError {
    fn from(refusal: BillingRefusal) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, refusal.text).verdict(refusal.code.as_str())
    }
}

impl From<NotPaidFor> for ApiError {
    fn from(error: NotPaidFor) -> Self {
        match error {
            NotPaidFor::Refused(refusal) => refusal.into(),
            NotPaidFor::Store(error) => error.into(),
        }
    }
}

impl From<StripeError> for ApiError {
    fn from(error: StripeError) -> Self {
        tracing::warn!(%error, "the payment provider was of no use");
        match error {
            StripeError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The billing provider is unavailable. Try again.").retry_after(SOON)
            }
            StripeError::Refused { .. } | StripeError::Malformed => {
                Self::new(StatusCode::BAD_GATEWAY, "The billing provider refused the request.")
            }
        }
        .code(Code::BillingProviderUnavailable)
    }
}
