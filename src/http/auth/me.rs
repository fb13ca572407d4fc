//! `GET /auth/me`: the credential as it is, without a look at the membership (contract 00 §3.6).

use crate::http::{
    answer::Json,
    gate::Credential,
    schema::{ErrorBody, Me as MeSchema},
};
use cowork_domain::principal::Principal;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    principal: &'a Principal,
    csrf_token: Option<&'a str>,
    expires_at: Option<&'a str>,
}

/// Read who the credential says one is.
#[utoipa::path(get, path = "/auth/me", operation_id = "getMe", tag = "identity",
    responses(
        (status = 200, description = "The principal; the other fields are for cookie sessions", body = MeSchema,
            example = json!({"principal": {"tenantId": "default", "orgId": "default", "tenantName": "Default", "userId": "local-user",
                "accountId": "local-user", "email": "local@example.test", "role": "owner", "authSource": "local"}, "csrfToken": null, "expiresAt": null})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
    ))]
pub(super) async fn me(Credential(principal): Credential) -> Json {
    Json::of(&Me { principal: &principal, csrf_token: None, expires_at: None })
}
