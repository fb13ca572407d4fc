//! What creating and changing a custom role read in the same way.

use crate::http::{body::Fields, error::ApiError};
use cowork_domain::{custom_role, policy::Permissions};
use serde_json::Value;

const LONGEST_NAME: usize = 128;
const LONGEST_DESCRIPTION: usize = 1024;

/// The name, if it is there.
pub(super) fn name(fields: &Fields) -> Result<Option<String>, ApiError> {
    text(fields, "name", LONGEST_NAME)
}

/// The description, if it is there.
pub(super) fn description(fields: &Fields) -> Result<Option<String>, ApiError> {
    text(fields, "description", LONGEST_DESCRIPTION)
}

fn text(fields: &Fields, name: &str, longest: usize) -> Result<Option<String>, ApiError> {
    fields.refuse_nul(&[name])?;
    let text = fields.text(name).map(str::trim);
    if text.is_some_and(|text| text.chars().count() > longest) {
        return Err(ApiError::invalid(format!("The field {name} has more than {longest} characters.")));
    }
    Ok(text.map(str::to_owned))
}

/// The permissions; none when they are no list. Every item must be one of the catalogue.
pub(super) fn permissions(fields: &Fields) -> Result<Option<Permissions>, ApiError> {
    let Some(Value::Array(items)) = fields.value("permissions") else { return Ok(None) };
    let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| ApiError::invalid("Every permission must be a string."))?;
    let permissions = custom_role::permissions(names).map_err(|unknown| ApiError::invalid(unknown.to_string()))?;
    Ok(Some(permissions))
}
