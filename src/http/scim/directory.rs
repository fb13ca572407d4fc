//! The directory that asks, and what it sends.

use super::answer::ScimError;
use crate::{
    http::{body::JsonBody, state::HttpState},
    identity::ScimToken,
};
use axum::extract::{FromRequest, FromRequestParts, Request};
use cowork_store::{Deed, Directory, OrgStatus};
use http::{HeaderMap, Method, StatusCode, request::Parts};
use serde_json::Value;

/// A directory that showed its organisation's token.
pub(super) struct ScimCaller(pub(super) Directory);

impl ScimCaller {
    pub(super) async fn authenticate(state: &HttpState, headers: &HeaderMap) -> Result<Self, ScimError> {
        let shown = ScimToken::of(headers).ok_or_else(|| unauthorized("SCIM authorization is required."))?;
        let found = state.node.store().directory_of_token(&shown.hash()).await?;
        let directory = found.filter(|directory| shown.matches(&directory.hash));
        Ok(Self(directory.ok_or_else(|| unauthorized("SCIM token is invalid."))?))
    }

    fn require_open(&self, method: &Method) -> Result<(), ScimError> {
        match self.0.org_status {
            OrgStatus::Active => Ok(()),
            OrgStatus::Frozen if *method == Method::GET => Ok(()),
            OrgStatus::Frozen => Err(ScimError::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud org is frozen: changes are refused.")),
            OrgStatus::Paused | OrgStatus::Suspended | OrgStatus::Closed => {
                Err(ScimError::new(StatusCode::FORBIDDEN, "Cloud org is not active."))
            }
        }
    }
}

fn unauthorized(detail: &'static str) -> ScimError {
    ScimError::new(StatusCode::UNAUTHORIZED, detail)
}

impl FromRequestParts<HttpState> for ScimCaller {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ScimError> {
        let caller = Self::authenticate(state, &parts.headers).await?;
        caller.require_open(&parts.method)?;
        Ok(caller)
    }
}

/// A resource that the directory sends; anything but an object counts as an empty one.
pub(super) struct ScimBody(pub(super) Value);

impl FromRequest<HttpState> for ScimBody {
    type Rejection = ScimError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, ScimError> {
        let body = JsonBody::from_request(request, state).await?;
        Ok(Self(Value::Object(body.fields.0)))
    }
}

/// Does something for a directory, under a name of its own in the audit log.
pub(super) fn deed<'a>(state: &HttpState, part: &'static str, cause: &'a str) -> Deed<'a> {
    Deed { part, cause, at: state.node.clock().now() }
}
