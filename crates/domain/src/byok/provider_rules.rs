//! Which providers an organisation may bring keys for (contract 03 §1, requirement R-BYOK-14).

use crate::policy::ManagedPolicy;

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
    Deployment(String),
    /// The organisation's own policy excludes it.
    #[error("Provider \"{0}\" is not allowed by the organization's policy.")]
    Policy(String),
}

impl ProviderRules {
    /// Whether the deployment offers a provider.
    ///
    /// # Errors
    /// It doesn't.
    pub fn admit(&self, provider: &str) -> Result<(), ProviderRefused> {
        match &self.allowed {
            Some(allowed) if !named(allowed, provider) => Err(ProviderRefused::Deployment(provider.to_owned())),
            _ => Ok(()),
        }
    }

    /// Whether a key for the provider may be used: the deployment offers it, and the organisation's policy doesn't exclude it.
    ///
    /// # Errors
    /// Which of the two it was.
    pub fn admit_use(&self, provider: &str, policy: &ManagedPolicy) -> Result<(), ProviderRefused> {
        self.admit(provider)?;
        let is_listed = policy.allowed_providers.as_ref().is_none_or(|allowed| named(allowed, provider));
        let is_excluded = named(&policy.denied_providers, provider);
        if is_listed && !is_excluded { Ok(()) } else { Err(ProviderRefused::Policy(provider.to_owned())) }
    }
}

fn named(list: &[String], provider: &str) -> bool {
    list.iter().any(|name| name.trim().eq_ignore_ascii_case(provider))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_means_any_and_an_empty_one_none() {
        assert_eq!(ProviderRules::default().admit("openai"), Ok(()));
        let nothing = ProviderRules { allowed: Some(Vec::new()) };
        assert_eq!(nothing.admit("openai"), Err(ProviderRefused::Deployment("openai".into())));
        let some = ProviderRules { allowed: Some(vec!["OpenRouter".into()]) };
        assert_eq!(some.admit("openrouter"), Ok(()));
    }

    #[test]
    fn a_policy_narrows_what_the_deployment_offers() {
        let rules = ProviderRules { allowed: Some(vec!["openai".into(), "mistral".into()]) };
        let policy =
            ManagedPolicy { allowed_providers: Some(vec!["openai".into(), "xai".into()]), denied_providers: vec![], ..Default::default() };
        assert_eq!(rules.admit_use("openai", &policy), Ok(()));
        assert_eq!(rules.admit_use("mistral", &policy), Err(ProviderRefused::Policy("mistral".into())));
        assert_eq!(rules.admit_use("xai", &policy), Err(ProviderRefused::Deployment("xai".into())));
        let policy = ManagedPolicy { denied_providers: vec!["openai".into()], ..policy };
        assert_eq!(rules.admit_use("openai", &policy), Err(ProviderRefused::Policy("openai".into())));
    }
}
