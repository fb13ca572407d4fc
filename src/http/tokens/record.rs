//! A token as clients read it; never its secret, nor the hash of it (contract 02 §3).

use cowork_domain::{
    ids::{OrgId, TokenId, UserId},
    policy::Scopes,
    timestamp::Timestamp,
};
use cowork_store::ApiTokenRow;
use serde::Serialize;
use utoipa::ToSchema;

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiToken {
    /// Its public part.
    #[schema(value_type = String)]
    token_id: TokenId,
    #[schema(value_type = String)]
    org_id: OrgId,
    /// The account that it acts as.
    #[schema(value_type = Option<String>)]
    account_id: UserId,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Scopes,
    /// The last characters of the whole token.
    last4: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// Within some seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// The channel bindings that a gateway's token may serve, sorted.
    channel_binding_ids: Vec<String>,
}

impl From<ApiTokenRow> for ApiToken {
    fn from(row: ApiTokenRow) -> Self {
        Self {
            token_id: row.id,
            org_id: row.org,
            account_id: row.account,
            name: row.name,
            scopes: row.scopes,
            last4: row.last4,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            channel_binding_ids: row.channel_bindings,
        }
    }
}
