//! How clients are told that a membership or a custom role stays as it is.

use crate::http::error::ApiError;
use cowork_domain::{codes::Code, membership::MembershipRefused};
use cowork_store::{CustomRoleError, MemberError};
use http::StatusCode;

impl From<MembershipRefused> for ApiError {
    fn from(refused: MembershipRefused) -> Self {
        let code = match refused {
            MembershipRefused::NotPermitted => Code::AuthRoleInsufficient,
            MembershipRefused::OwnersOnly => Code::MemberOwnersOnly,
            MembershipRefused::BeyondOwnPower => Code::MemberBeyondOwnPower,
            MembershipRefused::OwnRole | MembershipRefused::OwnStatus => Code::MemberOwnMembership,
            MembershipRefused::Unconfirmed => Code::MemberUnconfirmed,
            MembershipRefused::LastOwner => Code::MemberLastOwner,
        };
        let status = if refused.is_about_the_caller() { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
        Self::new(status, refused.to_string()).code(code)
    }
}

impl From<MemberError> for ApiError {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => Self::not_found("Member was not found.").code(Code::MemberUnknown),
            MemberError::RoleNotFound => role_not_found(),
            MemberError::Refused(refused) => refused.into(),
            MemberError::Store(error) => error.into(),
        }
    }
}

impl From<CustomRoleError> for ApiError {
    fn from(error: CustomRoleError) -> Self {
        match error {
            CustomRoleError::NotFound => role_not_found(),
            CustomRoleError::Exists => {
                Self::new(StatusCode::CONFLICT, "A custom role with this key exists already.").code(Code::CustomRoleExists)
            }
            CustomRoleError::Refused(refused) => refused.into(),
            CustomRoleError::Store(error) => error.into(),
        }
    }
}

fn role_not_found() -> ApiError {
    ApiError::not_found("Custom role was not found.").code(Code::CustomRoleUnknown)
}
