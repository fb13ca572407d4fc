//! Which model answers a turn.

use super::{KeyBroker, KeySourceError, Refusal};
use cowork_domain::{
    codes::Code,
    ids::OrgId,
    provider::{Choice, ChoiceError, Chosen, choose},
};

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
            Self::Choice(ChoiceError::ModelNotAllowed { .. }) => Code::ByokModelNotAllowed,
            Self::Keys(KeySourceError::Missing) => Refusal::Key(KeySourceError::Missing).code(),
            Self::Keys(error) => super::LeaseEnd::of(error).code(),
        }
    }
}

impl KeyBroker {
    /// The model that answers a turn of an organisation, by the prompt's word, the profile's, or what keys there are.
    ///
    /// # Errors
    /// None does, and why.
    pub async fn resolve(&self, org: &OrgId, prompt: Option<&str>, profile: Option<&str>) -> Result<Chosen, ResolveError> {
        let active = self.active(org).await?;
        Ok(choose(&Choice { table: self.table(), prompt, profile, active: &active })?)
    }
}
