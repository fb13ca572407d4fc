//! What an agent works on: a repository or an uploaded snapshot (contract 05 §2).

use serde::{Deserialize, Serialize};

/// What the agent works on (contract 05 §2). The summary that clients see is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub enum ProjectSource {
    Git {
        repository_url: String,
        #[serde(rename = "ref", default)]
        reference: Option<String>,
        #[serde(default)]
        subdirectory: Option<String>,
        #[serde(default)]
        credential_ref: Option<String>,
    },
    Snapshot {
        snapshot_id: String,
        object_key: String,
        #[serde(default)]
        file_count: u64,
        #[serde(default)]
        byte_count: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
}

impl ProjectSource {
    /// The form that a session record shows.
    pub fn summary(&self) -> ProjectSourceSummary {
        match self {
            Self::Git { repository_url, reference, subdirectory, .. } => ProjectSourceSummary::Git {
                repository_url: bare_url(repository_url),
                reference: reference.clone(),
                subdirectory: subdirectory.clone(),
            },
            Self::Snapshot { snapshot_id, title, .. } => {
                ProjectSourceSummary::Snapshot { snapshot_id: snapshot_id.clone(), title: title.clone() }
            }
        }
    }
}

/// A project source without credential reference, object key, and the parts of a URL that may hold
/// secrets (contract 01 §1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub enum ProjectSourceSummary {
    Git {
        repository_url: String,
        #[serde(rename = "ref")]
        reference: Option<String>,
        subdirectory: Option<String>,
    },
    Snapshot {
        snapshot_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
}

fn bare_url(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_shows_no_credentials() {
        let source = ProjectSource::Git {
            repository_url: "https://kim:pw@git.example/a/b?token=1#x".into(),
            reference: Some("main".into()),
            subdirectory: None,
            credential_ref: Some("cred".into()),
        };
        assert_eq!(
            serde_json::to_value(source.summary()).expect("serialises"),
            serde_json::json!({"kind": "git", "repositoryUrl": "https://git.example/a/b", "ref": "main", "subdirectory": null})
        );
    }
}
