//! Settings (contract 02 §2).

use serde_json::Value;
use utoipa::ToSchema;

/// One setting of the caller.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SettingRecord {
    tenant_id: String,
    user_id: String,
    key: String,
    /// An object.
    value: Value,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What to keep.
#[derive(ToSchema)]
pub(in crate::http) struct SettingRequest {
    /// Only where the path has none.
    #[schema(required = false)]
    key: Option<String>,
    /// An object.
    value: Value,
}
