//! What these endpoints need to know.

use cowork_domain::{
    byok::{BudgetRules, KmsReferenceRules, ProviderRules},
    provider::ProviderTable,
};
use std::time::Duration;

/// Everything configurable about provider keys at the front door.
#[derive(Debug, Clone)]
pub struct ByokOptions {
    /// The providers that this deployment knows.
    pub table: ProviderTable,
    /// Those of them that organisations may bring keys for.
    pub providers: ProviderRules,
    /// Which references into key managers are taken.
    pub references: KmsReferenceRules,
    /// What organisations may spend with their keys.
    pub budget: BudgetRules,
    /// How long whoever asks for a check waits for it.
    pub validation_patience: Duration,
}

impl Default for ByokOptions {
    fn default() -> Self {
        Self {
            table: ProviderTable::builtin(),
            providers: ProviderRules::default(),
            references: KmsReferenceRules::default(),
            budget: BudgetRules::default(),
            validation_patience: Duration::from_secs(12),
        }
    }
}
