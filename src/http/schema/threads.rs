//! The thread index (contract 05 §4).

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A session in the index.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ThreadSchema {
    tenant_id: String,
    user_id: String,
    session_id: String,
    title: Option<String>,
    profile_name: String,
    #[schema(example = "idle")]
    status: String,
    created_at: String,
    updated_at: String,
    tags: Vec<ThreadTagSchema>,
}

/// A mark on sessions.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ThreadTagSchema {
    tenant_id: String,
    tag_id: String,
    name: String,
    #[schema(example = "#64748b")]
    color: String,
    created_at: String,
    updated_at: String,
}

/// A saved filter.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct SmartFilterSchema {
    tenant_id: String,
    filter_id: String,
    name: String,
    query: Map<String, Value>,
    created_at: String,
    updated_at: String,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreadList {
    threads: Vec<ThreadSchema>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreadTagList {
    tags: Vec<ThreadTagSchema>,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreadTagEnvelope {
    tag: ThreadTagSchema,
}

#[derive(ToSchema)]
pub(in crate::http) struct SmartFilterList {
    filters: Vec<SmartFilterSchema>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SmartFilterEnvelope {
    filter: SmartFilterSchema,
}

#[derive(ToSchema)]
pub(in crate::http) struct ThreadTagRequest {
    /// At most 48 characters.
    name: Option<String>,
    /// `#rrggbb`; anything else counts as absent.
    color: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SmartFilterRequest {
    /// At most 64 characters.
    name: Option<String>,
    query: Option<Map<String, Value>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct TaggedSessionsRequest {
    /// At most 500.
    session_ids: Vec<String>,
}
