//! A group, of which only those count that are called like a role.

use super::{ScimInvalid, text};
use crate::principal::Role;
use serde_json::Value;

/// What is taken from a group resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRequest {
    /// As given.
    pub display_name: String,
    /// The directory's own id of the group.
    pub external_id: Option<String>,
    /// The role that its members get; none of a group with another name.
    pub role: Option<Role>,
    /// The directory's own ids of its members.
    pub members: Vec<String>,
}

impl GroupRequest {
    /// Reads a resource.
    pub fn read(resource: &Value) -> Result<Self, ScimInvalid> {
        let display_name = text(resource, "displayName")?.ok_or(ScimInvalid::GroupName)?;
        let listed = resource.get("members").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut members = Vec::new();
        for member in listed {
            members.extend(text(member, "value")?.map(str::to_owned));
        }
        Ok(Self {
            display_name: display_name.to_owned(),
            external_id: text(resource, "externalId")?.map(str::to_owned),
            role: Role::parse(&display_name.to_ascii_lowercase()),
            members,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_group_that_is_called_like_a_role_gives_it() {
        let group =
            |name: &str| GroupRequest::read(&json!({ "displayName": name, "members": [{ "value": "ext-sam" }, { "display": "x" }] }));
        let admins = group("Admin").expect("valid");
        assert_eq!(
            (admins.role, admins.members.as_slice(), admins.display_name.as_str()),
            (Some(Role::Admin), &["ext-sam".to_owned()][..], "Admin")
        );
        assert_eq!(group("Engineering").expect("valid").role, None);
        assert_eq!(group("  "), Err(ScimInvalid::GroupName));
    }
}
