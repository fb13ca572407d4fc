//! Which provider a request is about, and whether it may be.

use crate::http::{error::ApiError, gate::Caller, state::HttpState};
use cowork_domain::{
    byok::ProviderRefused,
    codes::Code,
    provider::{ProviderId, ProviderIdError},
};

/// The provider of a path, if this deployment offers it.
pub(super) fn offered(state: &HttpState, text: &str) -> Result<ProviderId, ApiError> {
    let provider = ProviderId::parse(text)?;
    state.options.byok.providers.admit(&provider)?;
    Ok(provider)
}

/// As [`offered`], and the organisation's own policy doesn't exclude it: for whatever leads to the use of a key.
pub(super) async fn usable(state: &HttpState, caller: &Caller, text: &str) -> Result<ProviderId, ApiError> {
    let provider = ProviderId::parse(text)?;
    let policy = state.node.store().managed_policy(&caller.principal().org_id).await?.map(|row| row.policy).unwrap_or_default();
    state.options.byok.providers.admit_use(&provider, &policy)?;
    Ok(provider)
}

/// Whether the deployment knows what to do with a key of this provider.
pub(super) fn is_supported(state: &HttpState, provider: &ProviderId) -> bool {
    state.options.byok.table.get(provider).is_some_and(|entry| entry.needs_key())
}

impl From<ProviderIdError> for ApiError {
    fn from(error: ProviderIdError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<ProviderRefused> for ApiError {
    fn from(refused: ProviderRefused) -> Self {
        Self::forbidden(Code::ByokProviderDisabled, refused.to_string())
    }
}
