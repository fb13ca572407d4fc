//! `POST /api/api-tokens` (contract 02 §3): the one answer that holds a token's secret.

use super::{actor, binding_not_found, record::ApiToken};
use crate::{
    http::{
        answer::Json,
        body::{Fields, JsonBody},
        error::ApiError,
        gate::Caller,
        schema::ErrorBody,
        state::HttpState,
    },
    identity::{self, EntryError},
};
use axum::extract::State;
use cowork_domain::{
    policy::{Scope, Scopes},
    signup::EntryRefused,
    token::{self, NoGateway, TokenRefused},
};
use cowork_store::{NewApiToken, NotIssued};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Bindings of one token at its creation.
const MOST_BINDINGS: usize = 100;

/// What to issue.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct CreateApiTokenRequest {
    /// At most 96 characters.
    #[schema(example = "laptop")]
    name: String,
    /// One or more of desktop, gateway, admin and operator, as far as the deployment issues them.
    #[schema(example = json!(["desktop"]))]
    scopes: Vec<String>,
    /// Without it the token lives for the deployment's default, 90 days unless configured.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Only with the scope gateway.
    channel_binding_ids: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
struct IssuedApiToken {
    token: ApiToken,
    /// The whole token. It is shown this once: only a hash of it is kept.
    plaintext: String,
}

/// Issue an API token that acts as the caller's account.
#[utoipa::path(post, path = "/api/api-tokens", operation_id = "createApiToken", tag = "administration",
    request_body(content = CreateApiTokenRequest),
    responses(
        (status = 201, description = "The token, and its plaintext this once", body = IssuedApiToken,
            example = json!({"token": {"tokenId": "tok_U1-vi_PFpK8XjLnq", "orgId": "acme", "accountId": "kim", "name": "laptop",
                "scopes": ["desktop"], "last4": "x4Yw", "expiresAt": "2026-06-02T05:06:07.890Z", "revokedAt": null, "lastUsedAt": null,
                "createdAt": "2026-03-04T05:06:07.890Z", "updatedAt": "2026-03-04T05:06:07.890Z", "channelBindingIds": []},
                "plaintext": "occ_tok_U1-vi_PFpK8XjLnq_…"})),
        (status = 400, description = "A field is missing or malformed, or the token would live too long", body = ErrorBody,
            example = json!({"error": "API token requires a name and at least one valid scope.", "code": "request.invalid_field"})),
        (status = 403, description = "Not allowed, or the deployment doesn't issue the scope", body = ErrorBody),
        (status = 404, description = "The organisation has no such channel binding", body = ErrorBody),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    fields.refuse_nul(&["name", "channelBindingIds"])?;
    let (Some(name), Some(scopes)) = (fields.text("name"), scopes(fields)) else { return Err(TokenRefused::Incomplete.into()) };
    let expires_at = fields.date("expiresAt")?;
    let channel_bindings = channel_bindings(fields)?;
    let clock = state.node.clock();
    let now = clock.now();
    let terms = state.options.token_rules.terms(name, scopes, expires_at, now)?;
    if !channel_bindings.is_empty() {
        token::may_be_bound(scopes)?;
    }
    let minted = identity::ApiToken::mint(clock.random_bytes());
    let principal = caller.principal();
    let new = NewApiToken {
        id: minted.id().clone(),
        org: principal.org_id.clone(),
        account: principal.account_id.clone(),
        name: terms.name,
        scopes: terms.scopes,
        hash: minted.hash(),
        last4: minted.last4(),
        expires_at: terms.expires_at,
        channel_bindings,
    };
    let row = state.node.store().create_api_token(&new, &actor(&caller), now).await?.map_err(|not_issued| match not_issued {
        NotIssued::UnknownBinding => binding_not_found(),
        NotIssued::NoMember => EntryError::from(EntryRefused::Membership { by_invitation: false }).into(),
    })?;
    Ok(Json::of(&IssuedApiToken { token: row.into(), plaintext: minted.plaintext() }).with_status(StatusCode::CREATED))
}

/// None when they aren't a list of known names.
fn scopes(fields: &Fields) -> Option<Scopes> {
    let names = fields.0.get("scopes")?.as_array()?;
    names.iter().map(|name| Scope::parse(name.as_str()?)).collect()
}

fn channel_bindings(fields: &Fields) -> Result<Vec<String>, ApiError> {
    let malformed = || ApiError::invalid(format!("Channel binding ids must be an array of at most {MOST_BINDINGS} strings."));
    let Some(value) = fields.value("channelBindingIds") else { return Ok(Vec::new()) };
    let listed = value.as_array().filter(|listed| listed.len() <= MOST_BINDINGS).ok_or_else(malformed)?;
    let ids: Option<Vec<String>> = listed.iter().map(|id| Value::as_str(id).map(str::to_owned)).collect();
    let mut ids = ids.ok_or_else(malformed)?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

impl From<TokenRefused> for ApiError {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::ScopeDisabled(_) => Self::new(StatusCode::FORBIDDEN, refused.to_string()),
            _ => Self::invalid(refused.to_string()),
        }
    }
}

impl From<NoGateway> for ApiError {
    fn from(refused: NoGateway) -> Self {
        Self::invalid(refused.to_string())
    }
}
