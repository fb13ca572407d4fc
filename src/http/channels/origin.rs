//! Which binding something came in through.

use super::{
    actor::workspace,
    authority::{self, ChannelCaller},
};
use crate::http::{body::Fields, error::ApiError, state::HttpState};
use cowork_domain::{
    channel::{binding::ChannelBinding, provider::ChannelProvider},
    ids::OrgId,
};
use http::StatusCode;

/// Bindings of an organisation that are looked through where a request names none.
const MANY: u32 = 500;

/// The binding that something came in through: the one that the request names, or the only one that fits. `several` is what is
/// said where more than one does.
pub(super) async fn binding(
    state: &HttpState,
    caller: &ChannelCaller,
    org: &OrgId,
    fields: &Fields,
    provider: &ChannelProvider,
    several: &'static str,
) -> Result<ChannelBinding, ApiError> {
    if let Some(id) = fields.text("channelBindingId") {
        let binding = authority::binding(state, caller, org, id).await?;
        return fitting(binding, provider, fields);
    }
    let mut matching = served(state, caller, org).await?;
    matching.retain(|binding| binding.provider == *provider && workspace(fields).is_none_or(|said| said == binding.external_workspace));
    match (matching.pop(), matching.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ApiError::invalid(several)),
        (None, _) => Err(authority::not_authorized()),
    }
}

/// What the caller may serve. A gateway's token named no binding, so the proof has all that it was granted.
async fn served(state: &HttpState, caller: &ChannelCaller, org: &OrgId) -> Result<Vec<ChannelBinding>, ApiError> {
    if let ChannelCaller::Gateway { bindings, .. } = caller {
        return Ok(bindings.clone());
    }
    let mut bindings = state.node.store().channel_bindings(org, None, MANY).await?;
    bindings.retain(ChannelBinding::is_active);
    Ok(bindings)
}

fn fitting(binding: ChannelBinding, provider: &ChannelProvider, fields: &Fields) -> Result<ChannelBinding, ApiError> {
    if binding.provider != *provider {
        return Err(ApiError::invalid("Channel provider does not match binding."));
    }
    if workspace(fields).is_some_and(|said| said != binding.external_workspace) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Channel binding is not authorized for this provider workspace."));
    }
    Ok(binding)
}
