//! What signs in at repositories' hosts, read from where a source's reference says it is. Only nodes that execute can.

use cowork_actors::NotFetched;
use cowork_domain::{codes::Code, secret::Secret};
use cowork_runtime::checkout::GitCredential;
use cowork_secrets::service::{SecretReference, Surroundings, read_secret};
use std::{collections::BTreeMap, fmt};

/// Follows references that the rules allowed.
pub struct Credentials {
    /// The variables that references may name, and no others.
    variables: BTreeMap<String, Secret<String>>,
    surroundings: Surroundings,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    /// With these variables, and what clients of secret managers look at.
    pub fn new(variables: BTreeMap<String, Secret<String>>, surroundings: Surroundings) -> Self {
        Self { variables, surroundings }
    }

    /// The credential behind a reference.
    pub(super) async fn read(&self, reference: &str) -> Result<GitCredential, NotFetched> {
        let text = if let Some(name) = reference.strip_prefix("env:") {
            self.variables.get(name).cloned().ok_or_else(unavailable)?
        } else {
            let reference = SecretReference::parse(reference).map_err(|error| {
                tracing::warn!(%error, "a repository's credential is named by no reference that can be followed");
                unavailable()
            })?;
            read_secret(&reference, &self.surroundings).await.map_err(|error| {
                tracing::warn!(%error, "a repository's credential can't be read");
                unavailable()
            })?
        };
        GitCredential::parse(&text).map_err(|error| {
            tracing::warn!(%error, "a repository's credential is of no use");
            unavailable()
        })
    }
}

fn unavailable() -> NotFetched {
    let message = "The credential of the repository can't be read at the moment. Send the prompt again later, or tell the operator.";
    NotFetched { code: Code::ProjectSourceGitCredentialUnavailable, message: message.to_owned() }
}
