//! Members, custom roles, and what administrators see (contract 02 §4–§6).

use super::identity::Role;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A membership.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Member {
    org_id: String,
    account_id: String,
    email: String,
    display_name: Option<String>,
    role: Role,
    /// Replaces the permissions of the built-in role.
    custom_role_key: Option<String>,
    status: MemberStatus,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Whether a member takes part.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum MemberStatus {
    Active,
    Invited,
    Disabled,
}

/// Members, last changed first.
#[derive(ToSchema)]
pub(in crate::http) struct MemberList {
    members: Vec<Member>,
}

/// A member, as it is now.
#[derive(ToSchema)]
pub(in crate::http) struct MemberAnswer {
    member: Member,
}

/// Whom to invite.
#[derive(ToSchema)]
pub(in crate::http) struct InviteRequest {
    email: String,
    /// `member` if it is absent or unknown.
    role: Option<Role>,
}

/// An invitation. The token is shown this once.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct InviteAnswer {
    member: Member,
    /// Null where the deployment has no signing secret.
    invite_token: Option<String>,
    #[schema(format = DateTime)]
    invite_expires_at: Option<String>,
}

/// What to change about a member.
#[derive(ToSchema)]
pub(in crate::http) struct UpdateMemberRequest {
    role: Option<Role>,
    status: Option<MemberStatus>,
    /// The account id once more, to disable a member.
    confirm: Option<String>,
}

/// Which custom role a member has from now on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct AssignRoleRequest {
    /// Null takes it away.
    role_key: Option<String>,
}

/// What an invitation says.
#[derive(ToSchema)]
pub(in crate::http) struct AcceptInviteRequest {
    token: String,
}

/// The membership that an invitation opened.
#[derive(ToSchema)]
pub(in crate::http) struct AcceptInviteAnswer {
    membership: AcceptedMembership,
}

/// Part of a membership.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct AcceptedMembership {
    org_id: String,
    account_id: String,
    email: String,
    role: Role,
    status: MemberStatus,
}

/// A named set of permissions.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CustomRole {
    org_id: String,
    role_key: String,
    name: String,
    description: Option<String>,
    /// Only tells seniority.
    base_role: Role,
    permissions: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Custom roles, by key.
#[derive(ToSchema)]
pub(in crate::http) struct CustomRoleList {
    roles: Vec<CustomRole>,
}

/// A custom role, as it is now.
#[derive(ToSchema)]
pub(in crate::http) struct CustomRoleAnswer {
    role: CustomRole,
}

/// A custom role to be made.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CreateRoleRequest {
    /// 2 to 64 letters, digits, `_` and `-`; the first one is a letter.
    role_key: String,
    name: String,
    description: Option<String>,
    base_role: Option<Role>,
    permissions: Option<Vec<String>>,
}

/// What to change about a custom role.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct UpdateRoleRequest {
    name: Option<String>,
    /// Null clears it.
    description: Option<String>,
    base_role: Option<Role>,
    permissions: Option<Vec<String>>,
}

/// What the caller may.
#[derive(ToSchema)]
pub(in crate::http) struct AccessAnswer {
    access: Access,
}

/// The resolved membership of the caller.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Access {
    role: Role,
    custom_role_key: Option<String>,
    /// In the order of the catalogue.
    permissions: Vec<String>,
    email: String,
    sso_verified: bool,
}

/// All permissions that a role can have.
#[derive(ToSchema)]
pub(in crate::http) struct PermissionCatalog {
    permissions: Vec<String>,
}

/// The policy of the organisation and of the deployment, at a glance.
#[derive(ToSchema)]
pub(in crate::http) struct PolicyOverviewAnswer {
    policy: PolicyOverview,
}

/// What administrators see of it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct PolicyOverview {
    org: Value,
    signup: Value,
    profile: Value,
    features: BTreeMap<String, bool>,
    allowed_agents: Option<Vec<String>>,
    allowed_tools: Option<Vec<String>>,
    allowed_mcps: Option<Vec<String>>,
    runtime: Value,
    project_sources: Value,
    gateway: Value,
    provider_keys: Value,
}
