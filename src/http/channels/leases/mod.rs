//! Leases of gateway replicas: which of several serves a binding.

mod hold;
mod release;

use crate::http::{body::Fields, error::ApiError, gate::Gate, state::HttpState};
use cowork_domain::{codes::Code, policy::Action};
use http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ChannelsServiceDelivery, routes!(hold::hold)))
        .routes(gate.allow(Action::ChannelsServiceDelivery, routes!(release::release)))
}

/// The epoch of a lease, if a request shows one.
pub(super) fn epoch(fields: &Fields) -> Result<Option<i64>, ApiError> {
    let Some(value) = fields.value("leaseEpoch") else { return Ok(None) };
    value.as_i64().map(Some).ok_or_else(|| ApiError::invalid("leaseEpoch must be an integer."))
}

/// 409 of a gateway that no longer is the one that serves the binding.
pub(super) fn lease_lost() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "The lease of this channel binding is lost.").code(Code::ChannelsLeaseLost)
}
