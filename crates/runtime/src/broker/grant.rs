//! What a turn is allowed, and how that ends.

use super::KeySourceError;
use cowork_domain::{
    byok::BudgetKind,
    codes::Code,
    ids::{CommandId, OrgId, SessionId},
    provider::ProviderId,
};

/// One model of one provider, for one attempt at one prompt.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Whose key is used.
    pub org: OrgId,
    /// The provider.
    pub provider: ProviderId,
    /// The model's name at the provider.
    pub model: String,
    /// The session.
    pub session: SessionId,
    /// The prompt.
    pub command: CommandId,
    /// The attempt.
    pub attempt: u32,
}

/// Why a lease is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseEnd {
    /// The turn is, or another one took its slot.
    TurnOver,
    /// The key was disabled, and no other took its place.
    KeyDisabled,
    /// The provider was turned off for the organisation.
    ProviderDisabled,
    /// The organisation's policy excludes the model now.
    ModelDenied,
    /// The organisation was paused, suspended or closed.
    OrgStopped,
    /// The organisation has spent its budget of this day.
    BudgetSpent(BudgetKind),
    /// Nobody could say in time whether the key may still be used.
    KeysUnavailable,
    /// The node stops.
    Stopping,
}

impl LeaseEnd {
    /// The code that a turn ends with.
    pub const fn code(self) -> Code {
        match self {
            Self::TurnOver => Code::Aborted,
            Self::KeyDisabled => Code::ByokKeyDisabled,
            Self::ProviderDisabled => Code::ByokProviderDisabled,
            Self::ModelDenied => Code::ByokModelNotAllowed,
            Self::OrgStopped => Code::OrgNotActive,
            Self::BudgetSpent(BudgetKind::Tokens) => Code::ModelTokensPerDayExceeded,
            Self::BudgetSpent(BudgetKind::Cost) => Code::ModelCostPerDayExceeded,
            Self::KeysUnavailable => Code::ByokKeysUnavailable,
            Self::Stopping => Code::NodeDraining,
        }
    }

    /// The sentence beside it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::TurnOver => "the turn is over",
            Self::KeyDisabled => "the provider key was disabled",
            Self::ProviderDisabled => "the provider was turned off for this organisation",
            Self::ModelDenied => "the organisation's policy doesn't allow the model any more",
            Self::OrgStopped => "the organisation is paused, suspended or closed",
            Self::BudgetSpent(BudgetKind::Tokens) => {
                "the organisation's model tokens of this day are used up; the budget begins anew at 00:00 UTC"
            }
            Self::BudgetSpent(BudgetKind::Cost) => {
                "what the organisation may spend at its model providers in a day is spent; the budget begins anew at 00:00 UTC"
            }
            Self::KeysUnavailable => "whether the provider key may still be used can't be found out at the moment",
            Self::Stopping => "the node is shutting down",
        }
    }

    /// How a lease ends whose key can't be had any more.
    pub(super) const fn of(error: &KeySourceError) -> Self {
        match error {
            KeySourceError::Missing => Self::KeyDisabled,
            KeySourceError::ProviderDisabled => Self::ProviderDisabled,
            KeySourceError::OrgStopped => Self::OrgStopped,
            KeySourceError::Unopenable | KeySourceError::Unavailable(_) => Self::KeysUnavailable,
        }
    }
}
