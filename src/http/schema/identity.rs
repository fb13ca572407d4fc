//! Who asks (contract 00 §3.1, §3.6).

use utoipa::ToSchema;

/// The caller's credential.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Me {
    principal: Principal,
    /// Only for cookie sessions.
    csrf_token: Option<String>,
    /// Only for cookie sessions.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// How a desktop signs in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DesktopAuthConfig {
    /// Always `oidc`.
    mode: String,
    issuer_url: String,
    client_id: String,
    /// What to ask the provider for.
    scope: String,
}

/// An identity.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Principal {
    tenant_id: String,
    org_id: String,
    tenant_name: String,
    user_id: String,
    account_id: String,
    email: String,
    role: Role,
    auth_source: AuthSource,
}

/// Built-in roles.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum Role {
    Owner,
    Admin,
    Member,
}

/// What kind of credential it was.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::http) enum AuthSource {
    Local,
    Header,
    User,
    ApiToken,
    Worker,
}
