//! Keys that stay in a key manager: what a worker can read of them.

use cowork_domain::{
    byok::{KmsReferenceRefused, KmsReferenceRules},
    secret::Secret,
};
use cowork_secrets::service::{SecretReference, ServiceError, Surroundings, read_secret};
use std::{collections::BTreeMap, sync::Arc};

/// Reads what references name. Cheap to clone.
#[derive(Clone)]
pub struct References {
    rules: KmsReferenceRules,
    /// The variables that references may name, and no others.
    variables: Arc<BTreeMap<String, Secret<String>>>,
    /// Where the credentials of secret managers are found.
    surroundings: Arc<Surroundings>,
}

/// Why a reference leads to no key. The texts are for the organisation: what they would tell about the deployment stands in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The deployment doesn't take it, or not any more.
    #[error("the deployment doesn't allow this reference any more")]
    Refused(#[from] KmsReferenceRefused),
    /// Nothing is there.
    #[error("the reference names something that no worker can find")]
    Absent,
    /// Nobody here can read such a reference.
    #[error("no worker of this deployment can read this kind of reference")]
    Unsupported,
    /// The secret manager doesn't let workers read it.
    #[error("the secret manager doesn't let workers read what the reference names")]
    Denied,
    /// The secret is there, and its time is over.
    #[error("the time of what the reference names is over")]
    Expired,
    /// The secret manager could not be asked now.
    #[error("the secret manager is not available now")]
    Unavailable,
}

impl References {
    /// Follows these rules, finds these variables of the environment, and asks secret managers with these credentials.
    pub fn new(rules: KmsReferenceRules, variables: BTreeMap<String, Secret<String>>, surroundings: Surroundings) -> Self {
        Self { rules, variables: Arc::new(variables), surroundings: Arc::new(surroundings) }
    }

    /// The key that a reference names. The rules of today count, not those of the day on which it was saved.
    pub(super) async fn read(&self, reference: &str) -> Result<Secret<String>, ReferenceError> {
        let reference = self.rules.take(reference)?;
        if let Some(name) = reference.environment_name() {
            return self.variables.get(name).cloned().ok_or(ReferenceError::Absent);
        }
        let place = SecretReference::parse(reference.as_str()).map_err(|_| ReferenceError::Unsupported)?;
        read_secret(&place, &self.surroundings).await.map_err(|error| {
            tracing::warn!(%error, "the key behind a reference can't be read");
            told(&error)
        })
    }
}

fn told(error: &ServiceError) -> ReferenceError {
    match error {
        ServiceError::NotBuilt(_) | ServiceError::Credentials { .. } => ReferenceError::Unsupported,
        ServiceError::Refused { status: 404, .. } => ReferenceError::Absent,
        ServiceError::Refused { .. } => ReferenceError::Denied,
        ServiceError::Unavailable { .. } => ReferenceError::Unavailable,
        ServiceError::Expired(_) => ReferenceError::Expired,
        _ => ReferenceError::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[tokio::test]
    async fn only_what_the_rules_of_today_allow_is_read() {
        let references = |rules| {
            let variables = BTreeMap::from([("ACME_OPENAI".to_owned(), Secret::new("sk-from-the-environment".to_owned()))]);
            References::new(rules, variables, Surroundings::new(|_| None, || SystemTime::UNIX_EPOCH))
        };
        let rules = KmsReferenceRules { enabled: true, allow_environment: true, prefixes: vec!["env:ACME_".into(), "keychain://".into()] };
        let today = references(rules.clone());
        assert_eq!(today.read("env:ACME_OPENAI").await.map(|key| key.expose().clone()), Ok("sk-from-the-environment".to_owned()));
        assert_eq!(today.read("env:ACME_OTHER").await.err(), Some(ReferenceError::Absent));
        assert_eq!(today.read("keychain://acme").await.err(), Some(ReferenceError::Unsupported));
        let off = references(KmsReferenceRules { allow_environment: false, ..rules });
        assert_eq!(off.read("env:ACME_OPENAI").await.err(), Some(ReferenceError::Refused(KmsReferenceRefused::Environment)));
    }
}
