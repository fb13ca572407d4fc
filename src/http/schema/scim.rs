//! SCIM 2.0 (RFC 7643, contract 02 §9).

use utoipa::ToSchema;

/// A person, as far as it is read.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ScimUserBody {
    user_name: String,
    #[schema(required = false)]
    external_id: Option<String>,
    #[schema(required = false)]
    display_name: Option<String>,
    #[schema(required = false)]
    emails: Option<Vec<ScimEmail>>,
    #[schema(required = false)]
    active: Option<bool>,
}

/// An address.
#[derive(ToSchema)]
pub(in crate::http) struct ScimEmail {
    value: String,
    #[schema(required = false)]
    primary: Option<bool>,
}

/// A group, as far as it is read.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ScimGroupBody {
    display_name: String,
    #[schema(required = false)]
    external_id: Option<String>,
    #[schema(required = false)]
    members: Option<Vec<ScimMember>>,
}

/// A member of a group by the directory's own id.
#[derive(ToSchema)]
pub(in crate::http) struct ScimMember {
    value: String,
}

/// An error (RFC 7644 §3.12).
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ScimErrorBody {
    schemas: Vec<String>,
    /// The status of the answer, as text.
    status: String,
    #[schema(required = false)]
    scim_type: Option<String>,
    /// A stable code, where SCIM has no word of its own.
    #[schema(required = false)]
    code: Option<String>,
    detail: String,
}
