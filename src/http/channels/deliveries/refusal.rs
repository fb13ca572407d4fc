//! What claims and acknowledgements that had no effect are to a client.
//!
//! Gateways take 403, 404 and 409 for good (contract 04 §9), so these stand only for what no repetition mends.

use crate::http::{channels::leases::lease_lost, error::ApiError};
use cowork_actors::ClaimError;
use cowork_domain::{
    channel::delivery::{AckRefusal, ClaimRefusal},
    codes::Code,
    policy::Denial,
};
use cowork_store::SettleError;
use http::StatusCode;
use std::time::Duration;

/// 404 of every delivery that isn't there for the caller.
pub(super) fn not_found() -> ApiError {
    ApiError::not_found("Channel delivery was not found.")
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Refused(ClaimRefusal::NotAuthorised) => Denial::unbound().into(),
            ClaimError::Refused(ClaimRefusal::QuotaExceeded { retry_after_millis }) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "Gateway delivery quota exceeded.")
                    .verdict(Code::GatewayDeliveriesPerHourExceeded.as_str())
                    .retry_after(Duration::from_millis(retry_after_millis))
            }
            ClaimError::Owner(error) => error.into(),
            ClaimError::Store(error) => error.into(),
        }
    }
}

impl From<SettleError> for ApiError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Refused(AckRefusal::NotClaimed) | SettleError::Gone => not_found(),
            SettleError::Refused(AckRefusal::ClaimLost) => {
                Self::new(StatusCode::CONFLICT, "The claim of this delivery is over.").code(Code::ChannelsClaimLost)
            }
            SettleError::LeaseLost => lease_lost(),
            SettleError::Store(error) => error.into(),
        }
    }
}
