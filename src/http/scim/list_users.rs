//! `GET /scim/v2/Users` (contract 02 §9).

use super::{
    answer::{ScimError, ScimJson},
    directory::ScimCaller,
    location::Location,
    resource::UserList,
};
use crate::http::{query::Query, schema::ScimErrorBody, state::HttpState};
use axum::{extract::State, http::Uri};
use cowork_domain::scim;
use http::StatusCode;

/// The most that is listed.
pub(super) const MOST: u32 = 500;

/// List the organisation's members, or look for one by user name.
#[utoipa::path(get, path = "/scim/v2/Users", operation_id = "listScimUsers", tag = "directory", security(("scimToken" = [])),
    params(("filter" = Option<String>, Query, description = "`userName eq \"…\"`; anything else is ignored")),
    responses(
        (status = 200, description = "At most 500 users", content_type = "application/scim+json", body = serde_json::Value),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
    ))]
pub(super) async fn list(caller: ScimCaller, State(state): State<HttpState>, location: Location, uri: Uri) -> Result<ScimJson, ScimError> {
    let wanted = Query::of(&uri).get("filter").and_then(scim::wanted_user_name);
    // No name holds it, and the database can't compare with it.
    let is_impossible = wanted.as_ref().is_some_and(|name| name.contains('\0'));
    let users = if is_impossible { Vec::new() } else { state.node.store().directory_users(&caller.0, wanted.as_deref(), MOST).await? };
    Ok(ScimJson::of(StatusCode::OK, &UserList::of(&users, &location)))
}
