//! Which providers an organisation may bring keys for (contract 03 §1, requirement R-BYOK-14).

use crate::{policy::ManagedPolicy, provider::ProviderId};

/// What the deployment allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderRules {
    /// Providers of this deployment; none means any, and an empty list means none at all.
    pub allowed: Option<Vec<String>>,
}

/// A provider that may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderRefused {
    /// The deployment doesn't offer it.
    #[error("Provider \"{0}\" is not enabled for BYOK in this cloud profile.")]
    Deployment(ProviderId),
    /// The organisation's own policy excludes it.
    #[error("Provider \"{0}\" is not allowed by the organization's policy.")]
    Policy(ProviderId),
}

impl ProviderRules {
    /// Whether the deployment offers a provider.
    ///
    /// # Errors
    /// It doesn't.
    pub fn admit(&self, provider: &ProviderId) -> Result<(), ProviderRefused> {
        match &self.allowed {
            Some(allowed) if !provider.is_in(allowed) => Err(ProviderRefused::Deployment(provider.clone())),
            _ => Ok(()),
        }
    }

    /// Whether a key for the provider may be used: the deployment offers it, and the organisation's policy doesn't exclude it.
    ///
    /// # Errors
    /// Which of the two it was.
    pub fn admit_use(&self, provider: &ProviderId, policy: &ManagedPolicy) -> Result<(), ProviderRefused> {
        self.admit(provider)?;
        if policy.admits_provider(provider) { Ok(()) } else { Err(ProviderRefused::Policy(provider.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ProviderId {
        ProviderId::parse(name).expect("a name")
    }

    #[test]
    fn no_list_means_any_and_an_empty_one_none() {
        assert_eq!(ProviderRules::default().admit(&id("openai")), Ok(()));
        let nothing = ProviderRules { allowed: Some(Vec::new()) };
        assert_eq!(nothing.admit(&id("openai")), Err(ProviderRefused::Deployment(id("openai"))));
        let some = ProviderRules { allowed: Some(vec!["OpenRouter".into()]) };
        assert_eq!(some.admit(&id("openrouter")), Ok(()));
    }

    #[test]
    fn a_policy_narrows_what_the_deployment_offers() {
        let rules = ProviderRules { allowed: Some(vec!["openai".into(), "mistral".into()]) };
        let policy =
            ManagedPolicy { allowed_providers: Some(vec!["openai".into(), "xai".into()]), denied_providers: vec![], ..Default::default() };
        assert_eq!(rules.admit_use(&id("openai"), &policy), Ok(()));
        assert_eq!(rules.admit_use(&id("mistral"), &policy), Err(ProviderRefused::Policy(id("mistral"))));
        assert_eq!(rules.admit_use(&id("xai"), &policy), Err(ProviderRefused::Deployment(id("xai"))));
        let policy = ManagedPolicy { denied_providers: vec!["openai".into()], ..policy };
        assert_eq!(rules.admit_use(&id("openai"), &policy), Err(ProviderRefused::Policy(id("openai"))));
    }
}
