//! Who asks providers, and within which bounds.

use cowork_domain::byok::{CheckRules, Verdict};
use cowork_store::{ByokKey, ByokRow};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Opens a key and asks its provider, with one small request.
pub trait KeyChecker: Send + Sync + 'static {
    /// What the provider says. It may take its time: whoever asks stops waiting by itself.
    fn check<'a>(&'a self, row: &'a ByokRow, key: &'a ByokKey) -> BoxFuture<'a, Verdict>;
}

/// Bounds of the checks.
#[derive(Debug, Clone, Copy)]
pub struct KeyCheckOptions {
    /// When keys are checked, and how often.
    pub rules: CheckRules,
    /// The longest that one check takes.
    pub limit: Duration,
    /// Checks of one node at the same time.
    pub concurrent: usize,
    /// How often a node looks for checks that are due.
    pub look_every: Duration,
}

impl Default for KeyCheckOptions {
    fn default() -> Self {
        Self { rules: CheckRules::default(), limit: Duration::from_secs(10), concurrent: 8, look_every: Duration::from_secs(1) }
    }
}

/// A node's checks: who runs them, and how many run.
pub(crate) struct KeyChecks {
    pub(super) checker: Arc<dyn KeyChecker>,
    pub(super) running: Semaphore,
}

impl KeyChecks {
    pub(crate) fn new(checker: Arc<dyn KeyChecker>, concurrent: usize) -> Self {
        Self { checker, running: Semaphore::new(concurrent.max(1)) }
    }
}
