//! A setting as clients read it.

use cowork_domain::{
    ids::{TenantId, UserId},
    principal::Principal,
    timestamp::Timestamp,
};
use cowork_store::SettingRow;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Setting<'a> {
    tenant_id: &'a TenantId,
    user_id: &'a UserId,
    key: &'a str,
    value: &'a Value,
    updated_at: Timestamp,
}

impl<'a> Setting<'a> {
    pub(super) fn of(owner: &'a Principal, row: &'a SettingRow) -> Self {
        Self { tenant_id: &owner.tenant_id, user_id: &owner.user_id, key: &row.key, value: &row.value, updated_at: row.updated_at }
    }
}
