//! `GET /auth/me`: the credential as it is, without a look at the membership (contract 00 §3.6).

use crate::http::{
    answer::Json,
    gate::Credential,
    schema::{ErrorBody, Me as MeSchema},
};
use crate::identity::{Authenticated, Proof};
use cowork_domain::{
    ids::TokenId,
    policy::{Permissions, Scopes},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    principal: Shown<'a>,
    csrf_token: Option<&'a str>,
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    principal: &'a Principal,
    #[serde(flatten)]
    token: Option<TokenFields<'a>>,
    #[serde(flatten)]
    worker: Option<WorkerFields<'a>>,
}

/// What only API tokens have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenFields<'a> {
    custom_role_key: Option<&'a str>,
    permissions: Permissions,
    token_id: &'a TokenId,
    token_scopes: Scopes,
}

/// What only managed workers have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkerFields<'a> {
    worker_id: &'a str,
    worker_pool_id: &'a str,
    worker_credential_id: &'a str,
    worker_scopes: [&'static str; 1],
}

/// Whoever was recognised, as `/auth/me` and `/auth/session` show it: with the CSRF token and the end of their browser
/// session, if they have one.
pub(super) fn shown(caller: &Authenticated, session: Option<(&str, Timestamp)>) -> Json {
    let token = match &caller.proof {
        Proof::Token(token_id) => Some(TokenFields {
            custom_role_key: caller.authority.custom_role.as_deref(),
            permissions: caller.authority.permissions,
            token_id,
            token_scopes: caller.authority.scopes,
        }),
        _ => None,
    };
    let worker = match &caller.proof {
        Proof::Worker { worker, pool, credential } => {
            Some(WorkerFields { worker_id: worker, worker_pool_id: pool, worker_credential_id: credential, worker_scopes: ["heartbeat"] })
        }
        _ => None,
    };
    Json::of(&Me {
        principal: Shown { principal: &caller.principal, token, worker },
        csrf_token: session.map(|(csrf_token, _)| csrf_token),
        expires_at: session.map(|(_, expires_at)| expires_at),
    })
}

/// Read who the credential says one is.
#[utoipa::path(get, path = "/auth/me", operation_id = "getMe", tag = "identity",
    responses(
        (status = 200, description = "The principal; the other fields are for cookie sessions", body = MeSchema,
            example = json!({"principal": {"tenantId": "default", "orgId": "default", "tenantName": "Default", "userId": "local-user",
                "accountId": "local-user", "email": "local@example.test", "role": "owner", "authSource": "local"}, "csrfToken": null, "expiresAt": null})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
    ))]
pub(super) async fn me(Credential(caller): Credential) -> Json {
    let session = match &caller.proof {
        Proof::Browser { csrf_token, expires_at, .. } => Some((csrf_token.as_str(), *expires_at)),
        _ => None,
    };
    shown(&caller, session)
}
