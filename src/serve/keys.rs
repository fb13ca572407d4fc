//! Provider keys on a node that executes: what opens them, what hands them to the broker, what checks them.

use crate::{
    byok::{BrokerKeys, KeyOpener, KeyShelf, ProbingChecker, References},
    config::Config,
    secrets::{Keyring, surroundings},
};
use cowork_actors::{Clock, KeyChecker};
use cowork_domain::{byok::KmsReferenceRules, secret::Secret};
use cowork_runtime::{
    broker::{KeySource, NoKeys},
    providers::Outbound,
};
use cowork_store::Store;
use std::{collections::BTreeMap, sync::Arc};
use tokio_util::task::AbortOnDropHandle;

/// Provider keys of this node; nothing of it works where no key can be opened.
pub(super) struct ProviderKeys {
    open: Option<Open>,
}

struct Open {
    source: Arc<BrokerKeys>,
    checker: Arc<ProbingChecker>,
}

impl ProviderKeys {
    pub(super) fn new(config: &Config, store: Store, keyring: &Keyring) -> Self {
        let opener = KeyOpener::new(store.clone(), keyring.clone(), references(config), config.cluster.node_id.clone(), Clock);
        if !opener.can_open() {
            return Self { open: None };
        }
        let shelf = KeyShelf::new(store, opener, config.providers.table.clone(), config.byok.providers.clone());
        let checker = ProbingChecker::new(shelf.clone(), Arc::new(Outbound::default()), config.byok.check_timeout);
        Self { open: Some(Open { source: BrokerKeys::new(shelf, config.byok.checks, Clock), checker: Arc::new(checker) }) }
    }

    /// Where the broker finds keys.
    pub(super) fn source(&self) -> Arc<dyn KeySource> {
        match &self.open {
            Some(open) => open.source.clone(),
            None => Arc::<NoKeys>::default(),
        }
    }

    /// What checks keys, where they can be opened.
    pub(super) fn checker(&self) -> Option<Arc<dyn KeyChecker>> {
        Some(self.open.as_ref()?.checker.clone())
    }

    /// Follows what changes until the handle is dropped: also while the node stops, because its turns still run then.
    pub(super) fn follow(&self) -> Option<AbortOnDropHandle<()>> {
        let source = self.open.as_ref()?.source.clone();
        Some(AbortOnDropHandle::new(tokio::spawn(async move { match source.run().await {} })))
    }
}

fn references(config: &Config) -> References {
    let rules: KmsReferenceRules = config.byok.references.clone();
    let variables: BTreeMap<String, Secret<String>> =
        config.byok.variables.iter().map(|(name, value)| (name.clone(), Secret::new(value.expose().clone()))).collect();
    References::new(rules, variables, surroundings(config.secrets.surroundings.expose()))
}
