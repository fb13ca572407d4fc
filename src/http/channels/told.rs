//! What a gateway tells about where something came in: names within their bounds, and the binding that it came in through.

use super::authority::{self, ChannelCaller};
use crate::http::{body::Fields, error::ApiError, state::HttpState};
use cowork_domain::{
    channel::{binding::ChannelBinding, ids::is_id, provider::ChannelProvider},
    ids::OrgId,
};
use http::StatusCode;
use serde_json::{Map, Value};

/// The largest object that channels keep, in bytes of JSON (contract 04 §1).
const LARGEST_OBJECT: usize = 16_384;
/// Bindings of an organisation that are looked through where a request names none.
const MANY: u32 = 500;

/// A name: not blank, of at most 256 characters.
pub(super) fn name<'a>(fields: &'a Fields, field: &'static str) -> Result<Option<&'a str>, ApiError> {
    let named = fields.text(field);
    if named.is_some_and(|name| !is_id(name)) {
        return Err(ApiError::invalid(format!("The field {field} must have at most 256 characters, none of them U+0000.")));
    }
    Ok(named)
}

/// An object; anything else is an empty one.
pub(super) fn object(fields: &Fields, field: &'static str) -> Result<Map<String, Value>, ApiError> {
    fields.refuse_nul(&[field])?;
    let Some(object @ Value::Object(inner)) = fields.value(field) else { return Ok(Map::new()) };
    if object.to_string().len() > LARGEST_OBJECT {
        return Err(ApiError::invalid(format!("The field {field} must have at most {LARGEST_OBJECT} bytes of JSON.")));
    }
    Ok(inner.clone())
}

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
    matching
        .retain(|binding| binding.provider == *provider && said_workspace(fields).is_none_or(|said| said == binding.external_workspace));
    match (matching.pop(), matching.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ApiError::invalid(several)),
        (None, _) => Err(authority::not_authorized()),
    }
}

async fn served(state: &HttpState, caller: &ChannelCaller, org: &OrgId) -> Result<Vec<ChannelBinding>, ApiError> {
    let store = state.node.store();
    match caller.token() {
        Some(token) => Ok(store.granted_channel_bindings(org, token, None).await?),
        None => {
            let mut bindings = store.channel_bindings(org, None, MANY).await?;
            bindings.retain(ChannelBinding::is_active);
            Ok(bindings)
        }
    }
}

fn fitting(binding: ChannelBinding, provider: &ChannelProvider, fields: &Fields) -> Result<ChannelBinding, ApiError> {
    if binding.provider != *provider {
        return Err(ApiError::invalid("Channel provider does not match binding."));
    }
    if said_workspace(fields).is_some_and(|said| said != binding.external_workspace) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Channel binding is not authorized for this provider workspace."));
    }
    Ok(binding)
}

/// The workspace of the request: absent is unsaid, null and blank are none.
fn said_workspace(fields: &Fields) -> Option<Option<String>> {
    fields.0.contains_key("externalWorkspaceId").then(|| fields.text("externalWorkspaceId").map(str::to_owned))
}
