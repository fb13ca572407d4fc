//! What the routes of the index read in the same way.

use crate::http::{body::Fields, error::ApiError};
use cowork_domain::{ids::SessionId, thread::is_color};
use serde_json::{Map, Value};

const LONGEST_TAG: usize = 48;
const LONGEST_FILTER: usize = 64;
const MOST_SESSIONS: usize = 500;

/// The name of a tag, trimmed, if it is there.
pub(super) fn tag_name(fields: &Fields) -> Result<Option<String>, ApiError> {
    name(fields, LONGEST_TAG)
}

/// The name of a filter, trimmed, if it is there.
pub(super) fn filter_name(fields: &Fields) -> Result<Option<String>, ApiError> {
    name(fields, LONGEST_FILTER)
}

fn name(fields: &Fields, longest: usize) -> Result<Option<String>, ApiError> {
    fields.refuse_nul(&["name"])?;
    let name = fields.text("name").map(str::trim);
    if name.is_some_and(|name| name.chars().count() > longest) {
        return Err(ApiError::invalid(format!("The field name has more than {longest} characters.")));
    }
    if name.is_none() && fields.value("name").is_some() {
        return Err(ApiError::invalid("The field name is blank or no text."));
    }
    Ok(name.map(str::to_owned))
}

/// A colour; whatever is none counts as absent.
pub(super) fn color(fields: &Fields) -> Option<&str> {
    fields.text("color").filter(|color| is_color(color))
}

/// The query of a filter, if it is there.
pub(super) fn query(fields: &Fields) -> Result<Option<Map<String, Value>>, ApiError> {
    fields.refuse_nul(&["query"])?;
    match fields.value("query") {
        None => Ok(None),
        Some(Value::Object(query)) => Ok(Some(query.clone())),
        Some(_) => Err(ApiError::invalid("Smart filter query must be an object.")),
    }
}

/// The sessions that a tag is put on or taken off. One that can't be is not there.
pub(super) fn sessions(fields: &Fields) -> Result<Vec<SessionId>, ApiError> {
    let ids: Option<Vec<&str>> =
        fields.value("sessionIds").and_then(Value::as_array).and_then(|ids| ids.iter().map(Value::as_str).collect());
    let ids = ids.ok_or_else(|| ApiError::invalid("sessionIds must be a list of session ids."))?;
    if ids.len() > MOST_SESSIONS {
        return Err(ApiError::invalid(format!("sessionIds has more than {MOST_SESSIONS} items.")));
    }
    ids.into_iter().map(|id| id.parse().map_err(|_| ApiError::session_not_found())).collect()
}
