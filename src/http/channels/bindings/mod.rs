//! Channel bindings: chat systems that are connected with agents.

pub(super) mod create;
pub(super) mod list;
pub(super) mod update;

use crate::http::{body::Fields, channels::input, error::ApiError};
use cowork_domain::channel::{binding::CredentialRef, redaction};
use serde_json::Value;

/// Where the credential is; absent leaves what is stored, null is none.
#[expect(clippy::option_option, reason = "unsaid, none and a reference are three different things")]
fn credential_ref(fields: &Fields) -> Result<Option<Option<CredentialRef>>, ApiError> {
    match fields.0.get("credentialRef") {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::String(_)) => {}
        Some(_) => return Err(ApiError::invalid("The field credentialRef must be a text or null.")),
    }
    let reference = input::new_name(fields, "credentialRef")?.map(CredentialRef::parse).transpose();
    reference.map(Some).map_err(|error| ApiError::invalid(error.to_string()))
}

/// The settings, as far as they are kept: no answer shows a secret in them (contract 04 §1), and a credential has its own field.
fn settings(fields: &Fields) -> Result<Option<Value>, ApiError> {
    Ok(input::object(fields, "settings")?.map(redaction::without_secrets))
}
