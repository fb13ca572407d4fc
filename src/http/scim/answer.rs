//! Answers and errors of SCIM, which have a type of their own (RFC 7644 §8.1, §3.12).

use crate::http::error::ApiError;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use cowork_domain::{codes::Code, membership::MembershipRefused, scim::ScimInvalid};
use cowork_store::{DirectoryError, StoreError};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::borrow::Cow;

/// A resource.
#[derive(Debug)]
pub(super) struct ScimJson {
    status: StatusCode,
    text: String,
}

impl ScimJson {
    pub(super) fn of<T: Serialize>(status: StatusCode, value: &T) -> Self {
        Self { status, text: serde_json::to_string(value).expect("answers have text keys and no fallible serialiser") }
    }
}

impl IntoResponse for ScimJson {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// An answer that the directory didn't want.
#[derive(Debug)]
pub(super) struct ScimError {
    status: StatusCode,
    scim_type: Option<&'static str>,
    code: Option<Code>,
    detail: Cow<'static, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorResource<'a> {
    schemas: [&'static str; 1],
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scim_type: Option<&'static str>,
    /// Our addition: the stable code of other errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    detail: &'a str,
}

impl ScimError {
    pub(super) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, scim_type: None, code: None, detail: detail.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Resource was not found.")
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let resource = ErrorResource {
            schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
            status: self.status.as_str(),
            scim_type: self.scim_type,
            code: self.code,
            detail: &self.detail,
        };
        ScimJson::of(self.status, &resource).into_response()
    }
}

impl From<ScimInvalid> for ScimError {
    fn from(invalid: ScimInvalid) -> Self {
        Self { status: StatusCode::BAD_REQUEST, scim_type: Some("invalidValue"), code: None, detail: invalid.to_string().into() }
    }
}

impl From<ApiError> for ScimError {
    fn from(error: ApiError) -> Self {
        let status = error.status();
        let scim_type = (status == StatusCode::BAD_REQUEST).then_some("invalidSyntax");
        Self { status, scim_type, code: None, detail: error.message().to_owned().into() }
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<DirectoryError> for ScimError {
    fn from(error: DirectoryError) -> Self {
        match error {
            // Nothing is wrong with the request: somebody else has to be made owner first.
            DirectoryError::Refused(refused @ MembershipRefused::LastOwner) => {
                Self { code: Some(Code::MemberLastOwner), ..Self::new(StatusCode::CONFLICT, refused.to_string()) }
            }
            DirectoryError::Refused(refused) => ApiError::from(refused).into(),
            DirectoryError::Store(error) => error.into(),
        }
    }
}
