//! Uploaded projects.

use super::SourceDenied;
use crate::{codes::Code, ids::TenantId};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// How large uploads may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotRules {
    /// Any at all.
    pub enabled: bool,
    /// Files of one.
    pub max_files: u64,
    /// Bytes of its files.
    pub max_bytes: u64,
}

impl Default for SnapshotRules {
    fn default() -> Self {
        Self { enabled: true, max_files: 2000, max_bytes: 25 << 20 }
    }
}

impl SnapshotRules {
    /// Whether a snapshot of this size may be uploaded or used.
    pub fn check(&self, files: u64, bytes: u64) -> Result<(), SourceDenied> {
        if !self.enabled {
            let reason = "Uploaded project snapshots are not enabled for this cloud profile.";
            return Err(SourceDenied::new(Code::ProjectSourceSnapshotDisabled, reason));
        }
        if files > self.max_files {
            let reason = format!("Project snapshots have at most {} files.", self.max_files);
            return Err(SourceDenied::new(Code::ProjectSourceSnapshotTooManyFiles, reason));
        }
        if bytes > self.max_bytes {
            let reason = format!("Project snapshots have at most {} bytes.", self.max_bytes);
            return Err(SourceDenied::new(Code::ProjectSourceSnapshotTooLarge, reason));
        }
        Ok(())
    }
}

/// Where a tenant's snapshot lies. The form is the contract's: clients carry it back to us.
pub fn snapshot_key(tenant: &TenantId, snapshot: &str) -> String {
    format!("{}{}/snapshot.json", prefix(tenant), part(snapshot))
}

/// Whether a key, as a client says it, lies below the tenant's own prefix.
pub(super) fn belongs_to(key: &str, tenant: &TenantId) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    key.strip_prefix(&prefix(tenant)).is_some_and(|rest| rest.split('/').all(is_plain) && !rest.contains(['\\', '%']))
}

fn prefix(tenant: &TenantId) -> String {
    format!("project-snapshots/{}/", part(tenant.as_str()))
}

/// Longest readable part of a name.
const READABLE: usize = 80;

/// One segment: what is readable of a name, and enough of its hash that no two names share one.
fn part(name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let mut part: String = name.chars().map(|character| if is_plain(character) { character } else { '-' }).take(READABLE).collect();
    part.push('-');
    HEXLOWER.encode_append(&Sha256::digest(name.as_bytes())[..6], &mut part);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_tenants_or_nobodys() {
        let (acme, other) = (TenantId::new("acme.example"), TenantId::new("Acme.example"));
        let key = snapshot_key(&acme, "3f2c");
        assert!(key.starts_with("project-snapshots/acme.example-") && key.ends_with("/snapshot.json"), "{key}");
        assert_eq!(key.split('/').map(str::len).collect::<Vec<_>>(), [17, 25, 17, 13]);
        assert!(belongs_to(&key, &acme));
        assert!(!belongs_to(&key, &other), "names that only differ in case are two");
        for foreign in [snapshot_key(&other, "3f2c"), format!("{}../x/snapshot.json", prefix(&acme)), prefix(&acme), "orgs/acme".into()] {
            assert!(!belongs_to(&foreign, &acme), "{foreign}");
        }
        assert_ne!(snapshot_key(&TenantId::new("a/b"), "x"), snapshot_key(&TenantId::new("a-b"), "x"));
    }
}
