//! Which model answers a turn.

use super::{KeyBroker, KeySourceError, OrgAccess, Refusal};
use cowork_domain::{
    codes::Code,
    ids::OrgId,
    policy::Ceiling,
    provider::{Choice, ChoiceError, Chosen, ProviderId, choose},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How long a source of keys may be away before a prompt fails for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two questions to it.
const AGAIN: Duration = Duration::from_millis(100);

/// Why no model answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// By the rules.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The organisation's keys can't be known.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
}

impl ResolveError {
    /// The code that a turn fails with.
    pub const fn code(&self) -> Code {
        match self {
            Self::Choice(ChoiceError::NoKey | ChoiceError::KeyMissing(_)) => Code::ByokKeyMissing,
            Self::Choice(ChoiceError::UnknownProvider(_)) => Code::ByokUnsupportedProvider,
            Self::Choice(ChoiceError::ProviderDenied(_)) => Code::ByokProviderDisabled,
            Self::Choice(ChoiceError::ModelNotAllowed { .. } | ChoiceError::ModelDenied { .. }) => Code::ByokModelNotAllowed,
            Self::Keys(KeySourceError::Missing) => Refusal::Key(KeySourceError::Missing).code(),
            Self::Keys(error) => super::LeaseEnd::of(error).code(),
        }
    }
}

impl KeyBroker {
    /// The model that answers a turn of an organisation, by the prompt's word, the profile's, or what keys there are.
    ///
    /// # Errors
    /// None does, and why. A source that can't be asked is asked again for a while first: a database that moves house is no
    /// reason to fail a prompt.
    pub async fn resolve(&self, org: &OrgId, prompt: Option<&str>, profile: Option<&str>) -> Result<Chosen, ResolveError> {
        let access = self.access(org).await?;
        let active: Vec<ProviderId> = access.keys.iter().map(|key| key.provider.clone()).collect();
        match choose(&Choice { table: self.table(), prompt, profile, active: &active, policy: &access.policy }) {
            // Whoever reads that a key is missing adds one, which would not help.
            Err(ChoiceError::KeyMissing(provider)) if !self.shared.keyring.admits(org, &provider).await? => {
                Err(KeySourceError::ProviderDisabled.into())
            }
            answer => Ok(answer?),
        }
    }

    /// How far a tool of the organisation's agents may go. A change of its policy counts from the next call of a tool on.
    ///
    /// # Errors
    /// The organisation is stopped, or nobody can say.
    pub(crate) async fn ceiling(&self, org: &OrgId, tool: &str) -> Result<Ceiling, ResolveError> {
        Ok(self.access(org).await?.policy.permission_ceilings.of(tool))
    }

    async fn access(&self, org: &OrgId) -> Result<Arc<OrgAccess>, KeySourceError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.shared.keyring.access(org).await {
                Err(KeySourceError::Unavailable(_)) if Instant::now() < until => sleep(AGAIN).await,
                answer => return answer,
            }
        }
    }
}
