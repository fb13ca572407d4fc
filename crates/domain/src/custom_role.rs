//! Custom roles: named sets of permissions that replace those of a member's built-in role (contract 02 §6).

use crate::{
    ids::OrgId,
    policy::{Permission, Permissions},
    principal::Role,
    timestamp::Timestamp,
};
use serde::Serialize;
use std::fmt;

const LONGEST_KEY: usize = 64;

/// The key of a custom role: a small letter, then small letters, digits, `_` and `-`, 2 to 64 in all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RoleKey(String);

/// Text that can't be the key of a custom role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleKeyError {
    /// It has another form.
    #[error("Role keys have 2 to 64 characters, begin with a letter, and hold letters, digits, _ and - only.")]
    Malformed,
    /// It is the name of a built-in role.
    #[error("owner, admin and member are built-in roles.")]
    Reserved,
}

impl RoleKey {
    /// Reads a key; capitals count as small letters.
    ///
    /// # Errors
    /// See [`RoleKeyError`].
    pub fn parse(text: &str) -> Result<Self, RoleKeyError> {
        let key = text.trim().to_ascii_lowercase();
        if Role::parse(&key).is_some() {
            return Err(RoleKeyError::Reserved);
        }
        let rest = key.strip_prefix(|first: char| first.is_ascii_lowercase()).ok_or(RoleKeyError::Malformed)?;
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'));
        if is_plain && (1..LONGEST_KEY).contains(&rest.len()) { Ok(Self(key)) } else { Err(RoleKeyError::Malformed) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A custom role as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomRole {
    /// Whose it is.
    pub org_id: OrgId,
    /// Names it within the organisation.
    pub role_key: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Only tells seniority.
    pub base_role: Role,
    /// All that its holders may.
    pub permissions: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A custom role to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomRole {
    /// Names it within the organisation.
    pub key: RoleKey,
    /// For people.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Only tells seniority.
    pub base_role: Role,
    /// All that its holders may.
    pub permissions: Permissions,
}

/// What is changed about a custom role; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomRoleChange {
    /// Another name.
    pub name: Option<String>,
    /// Another description, or none at all.
    pub description: Option<Option<String>>,
    /// Another seniority.
    pub base_role: Option<Role>,
    /// Other permissions.
    pub permissions: Option<Permissions>,
}

/// A name that is no permission of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unknown permission: {0}.")]
pub struct UnknownPermission(pub String);

/// Reads a list of permissions.
///
/// # Errors
/// The first name that is not in the catalogue.
pub fn permissions<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Permissions, UnknownPermission> {
    let shown = |name: &str| name.chars().filter(|letter| !letter.is_control()).take(64).collect();
    names.into_iter().map(|name| Permission::parse(name).ok_or_else(|| UnknownPermission(shown(name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_needs_no_quoting_anywhere_and_is_no_built_in_role() {
        assert_eq!(RoleKey::parse(" Auditor-2_x ").map(|key| key.to_string()).as_deref(), Ok("auditor-2_x"));
        assert_eq!(RoleKey::parse(&format!("a{}", "b".repeat(63))).map(|key| key.as_str().len()), Ok(64));
        assert_eq!(RoleKey::parse("Owner"), Err(RoleKeyError::Reserved));
        for wrong in ["", "a", "2nd", "-a", "a b", "ä1", "a.b", &format!("a{}", "b".repeat(64))] {
            assert_eq!(RoleKey::parse(wrong), Err(RoleKeyError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_list_of_permissions_is_read_whole_or_not_at_all() {
        assert_eq!(permissions(["audit:read", "org:read"]), Ok([Permission::OrgRead, Permission::AuditRead].into_iter().collect()));
        assert_eq!(permissions(["audit:read", "root"]), Err(UnknownPermission("root".to_owned())));
    }
}
