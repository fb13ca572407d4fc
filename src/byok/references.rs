//! Keys that stay in a key manager: what a worker can read of them.

use cowork_domain::{
    byok::{KmsReferenceRefused, KmsReferenceRules},
    secret::Secret,
};
use std::{collections::BTreeMap, sync::Arc};

/// Reads what references name. Cheap to clone.
#[derive(Clone, Default)]
pub struct References {
    rules: KmsReferenceRules,
    /// The variables that references may name, and no others.
    variables: Arc<BTreeMap<String, Secret<String>>>,
}

/// Why a reference leads to no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The deployment doesn't take it, or not any more.
    #[error("the deployment doesn't allow this reference any more")]
    Refused(#[from] KmsReferenceRefused),
    /// No worker has it.
    #[error("the reference names a variable that no worker has")]
    Absent,
    /// Nobody here can read such a reference.
    #[error("no worker of this deployment can read this kind of reference")]
    Unsupported,
}

impl References {
    /// Follows these rules, and finds these variables of the environment.
    pub fn new(rules: KmsReferenceRules, variables: BTreeMap<String, Secret<String>>) -> Self {
        Self { rules, variables: Arc::new(variables) }
    }

    /// The key that a reference names. The rules of today count, not those of the day on which it was saved.
    pub(super) fn read(&self, reference: &str) -> Result<Secret<String>, ReferenceError> {
        let reference = self.rules.take(reference)?;
        let name = reference.environment_name().ok_or(ReferenceError::Unsupported)?;
        self.variables.get(name).cloned().ok_or(ReferenceError::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_rules_of_today_allow_is_read() {
        let variables = BTreeMap::from([("ACME_OPENAI".to_owned(), Secret::new("sk-from-the-environment".to_owned()))]);
        let rules = KmsReferenceRules { enabled: true, allow_environment: true, prefixes: vec!["env:ACME_".into(), "vault://".into()] };
        let references = References::new(rules.clone(), variables.clone());
        let read = |references: &References, text: &str| references.read(text).map(|key| key.expose().clone());
        assert_eq!(read(&references, "env:ACME_OPENAI"), Ok("sk-from-the-environment".to_owned()));
        assert_eq!(read(&references, "env:ACME_OTHER"), Err(ReferenceError::Absent));
        assert_eq!(read(&references, "vault://kv/acme"), Err(ReferenceError::Unsupported));
        let off = References::new(KmsReferenceRules { allow_environment: false, ..rules }, variables);
        assert_eq!(read(&off, "env:ACME_OPENAI"), Err(ReferenceError::Refused(KmsReferenceRefused::Environment)));
    }
}
