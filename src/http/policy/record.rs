//! A stored policy as administrators read it.

use cowork_domain::ids::OrgId;
use cowork_store::ManagedPolicyRow;
use serde_json::Value;

pub(super) fn of(org: &OrgId, row: &ManagedPolicyRow) -> Value {
    let mut record = row.policy.fields();
    record.insert("orgId".to_owned(), org.as_str().into());
    record.insert("createdAt".to_owned(), row.created_at.to_string().into());
    record.insert("updatedAt".to_owned(), row.updated_at.to_string().into());
    Value::Object(record)
}
