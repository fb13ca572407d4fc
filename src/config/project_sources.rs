//! Which projects sessions may work on (contract 05 §2): repositories and uploads.

use super::cluster::Role;
use super::environment::Environment;
use super::problem::Findings;
use super::secret::Secret;
use super::setting::{Kind, PREFIX, Setting};
use super::values::Values;
use cowork_domain::project_source::{CheckoutLimits, CredentialReferences, GitRules, ProjectSourceRules, SnapshotRules};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "PROJECT_SOURCES_GIT",
        Kind::Json,
        "repositories that sessions may work on: enabled, allowedHosts, allowedRepositories, allowFileUrls, allowPrivateNetwork, credentialRefPrefixes, caFile, maxFiles, maxBytes, timeoutMs",
    )
    .file("projectSources.git"),
    Setting::new("PROJECT_SOURCES_SNAPSHOTS", Kind::Json, "uploaded projects that sessions may work on: enabled, maxFiles, maxBytes")
        .file("projectSources.uploadedSnapshots"),
    Setting::new("PROJECT_SOURCES_WORKSPACES", Kind::Json, "managed workspaces")
        .file_only()
        .file("projectSources.managedWorkspaces")
        .later(),
];

/// What a reference into the environment begins with.
const ENVIRONMENT: &str = "env:";

/// The `project sources` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSourcesConfig {
    /// What is accepted.
    pub rules: ProjectSourceRules,
    /// Signs certificates of repositories' hosts, in place of the system's authorities.
    pub authority: Option<PathBuf>,
    /// The variables of the environment that credentials may name; empty in roles that execute nothing.
    pub variables: BTreeMap<String, Secret>,
}

/// As the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Git {
    enabled: Option<bool>,
    allowed_hosts: Option<Vec<String>>,
    allowed_repositories: Option<Vec<String>>,
    allow_file_urls: bool,
    allow_private_network: bool,
    credential_ref_prefixes: Vec<String>,
    ca_file: Option<PathBuf>,
    max_files: Option<usize>,
    max_bytes: Option<u64>,
    timeout_ms: Option<u64>,
}

/// As above.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Snapshots {
    enabled: Option<bool>,
    max_files: Option<u64>,
    max_bytes: Option<u64>,
}

impl ProjectSourcesConfig {
    pub(super) fn read(values: &Values, environment: &Environment, role: Role, findings: &mut Findings) -> Self {
        let git: Git = section(values, "PROJECT_SOURCES_GIT", "projectSources.git", findings);
        let snapshots: Snapshots = section(values, "PROJECT_SOURCES_SNAPSHOTS", "projectSources.uploadedSnapshots", findings);
        let (usual, limits, sizes) = (GitRules::default(), CheckoutLimits::default(), SnapshotRules::default());
        if git.allow_file_urls {
            findings.warning("cloud.projectSources.git.allowFileUrls: whoever may start a session can read every repository on this machine's disk that the server can");
        }
        if git.timeout_ms == Some(0) || git.max_files == Some(0) || git.max_bytes == Some(0) {
            findings.problem("cloud.projectSources.git: timeoutMs, maxFiles and maxBytes are at least 1");
        }
        let rules = ProjectSourceRules {
            git: GitRules {
                enabled: git.enabled.unwrap_or(usual.enabled),
                allowed_hosts: git.allowed_hosts.unwrap_or(usual.allowed_hosts),
                allowed_repositories: git.allowed_repositories.unwrap_or_default(),
                allow_file_urls: git.allow_file_urls,
                allow_private_network: git.allow_private_network,
                credentials: CredentialReferences { prefixes: git.credential_ref_prefixes },
                limits: CheckoutLimits {
                    entries: git.max_files.unwrap_or(limits.entries),
                    bytes: git.max_bytes.unwrap_or(limits.bytes),
                    time: git.timeout_ms.map_or(limits.time, Duration::from_millis),
                },
            },
            snapshots: SnapshotRules {
                enabled: snapshots.enabled.unwrap_or(sizes.enabled),
                max_files: snapshots.max_files.unwrap_or(sizes.max_files),
                max_bytes: snapshots.max_bytes.unwrap_or(sizes.max_bytes),
            },
        };
        let variables = if role.executes() { nameable(&rules.git.credentials, environment) } else { BTreeMap::new() };
        Self { rules, authority: git.ca_file, variables }
    }
}

fn section<T: DeserializeOwned + Default>(values: &Values, name: &str, key: &str, findings: &mut Findings) -> T {
    let Some(json) = values.json(name) else { return T::default() };
    T::deserialize(json).unwrap_or_else(|error| {
        findings.problem(format!("cloud.{key} is malformed: {error}"));
        T::default()
    })
}

/// What references may name. Never a setting of our own: a reference would send the deployment's secrets to a host.
fn nameable(references: &CredentialReferences, environment: &Environment) -> BTreeMap<String, Secret> {
    let beginnings: Vec<&str> = references
        .prefixes
        .iter()
        .filter_map(|prefix| prefix.trim().strip_prefix(ENVIRONMENT))
        .map(|prefix| prefix.split('{').next().unwrap_or_default())
        .collect();
    let is_nameable = |name: &str| !name.starts_with(PREFIX) && beginnings.iter().any(|beginning| name.starts_with(beginning));
    environment.all().filter(|(name, _)| is_nameable(name)).map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_reach_what_the_prefixes_allow_and_never_our_own_settings() {
        let environment = Environment::of([("GIT_ACME", "t"), ("OTHER", "x"), ("OPEN_COWORK_CLOUD_COOKIE_SECRET", "c")]);
        let names = |prefix: &str| {
            let references = CredentialReferences { prefixes: vec![prefix.to_owned()] };
            nameable(&references, &environment).into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names("env:"), ["GIT_ACME", "OTHER"]);
        assert_eq!(names("env:GIT_{org}"), ["GIT_ACME"]);
        assert!(names("vault://kv/").is_empty());
    }
}
