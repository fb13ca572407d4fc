//! Names of objects.

use cowork_domain::{
    ids::{OrgId, SessionId, TenantId},
    project_source::snapshot_key,
};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Where an object lies. It begins with its organisation, so that one organisation's objects can be counted, copied and removed
/// without looking at another's, and so that a rule of the store can be written for one. A key never reaches a
/// client, but for those of uploaded projects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The content of an artifact. `write` names one writing of it: two that race never share an object.
    pub fn artifact(org: &OrgId, session: SessionId, artifact: &str, write: &str) -> Self {
        Self(format!("orgs/{}/sessions/{session}/artifacts/{}/{}", part(org.as_str()), part(artifact), part(write)))
    }

    /// Where a client puts a content before it is checked. Whoever holds the credential may replace it until that is over, so
    /// nothing is ever served from here.
    pub fn upload(org: &OrgId, session: SessionId, artifact: &str) -> Self {
        Self(format!("orgs/{}/sessions/{session}/uploads/{}", part(org.as_str()), part(artifact)))
    }

    /// A workspace as it was at the end of a turn. The name holds the checksum, so what another attempt wrote is never replaced.
    pub fn workspace(org: &OrgId, session: SessionId, version: &str) -> Self {
        Self(format!("orgs/{}/sessions/{session}/workspaces/{}.tar.gz", part(org.as_str()), part(version)))
    }

    /// A project that somebody uploaded. It begins with the tenant, and its form is the contract's: clients carry it back.
    pub fn project_snapshot(tenant: &TenantId, snapshot: &str) -> Self {
        Self(snapshot_key(tenant, snapshot))
    }

    /// What a look at the store writes and removes. `node` keeps nodes out of each other's way.
    pub(crate) fn probe(node: &str) -> Self {
        Self(format!("readiness/{}", part(node)))
    }

    /// A key that the database kept.
    pub fn stored(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// As the database keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Longest readable part of a segment.
const READABLE: usize = 48;

/// One segment of a key, for any text: plain names stay as they are; whatever had to be changed carries a hash, so that two
/// different names never become one key.
fn part(name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let kept: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).take(READABLE).collect();
    // Stores that ignore case would otherwise take `Acme` for `acme`.
    if kept == name && !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return kept;
    }
    let digest = Sha256::digest(name.as_bytes());
    // No plain name has a dot, so none looks like a changed one.
    format!("{}.{}", kept.to_ascii_lowercase(), HEXLOWER.encode(&digest[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_organisation_or_meets_another_one() {
        let session: SessionId = "ses_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("a session id");
        let key = |org: &str, artifact: &str| ObjectKey::artifact(&OrgId::new(org), session, artifact, "w").as_str().to_owned();
        assert!(key("acme", "a1").starts_with("orgs/acme/sessions/ses_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b/artifacts/a1/"));
        let hostile = ["../other", "a/b", "..", ".", "", "Acme", "acme.example", "ACME", "a\\b", "ä", &"x".repeat(60), &"x".repeat(61)];
        let mut keys: Vec<String> = hostile.iter().map(|org| key(org, "a1")).collect();
        assert!(keys.iter().all(|key| key.split('/').count() == 7 && key.split('/').all(|part| !["", ".", ".."].contains(&part))));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), hostile.len());
    }
}
