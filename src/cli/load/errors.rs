//! What failed, by kind.

use cowork_client::ClientError;
use std::collections::BTreeMap;

/// Failures by status and code, and how many attempts there were.
#[derive(Debug, Clone, Default)]
pub(super) struct ErrorTally {
    attempts: u64,
    by_kind: BTreeMap<String, u64>,
}

impl ErrorTally {
    pub(super) fn attempt(&mut self) {
        self.attempts += 1;
    }

    pub(super) fn error(&mut self, kind: impl Into<String>) {
        self.errors(kind, 1);
    }

    pub(super) fn errors(&mut self, kind: impl Into<String>, count: u64) {
        if count > 0 {
            *self.by_kind.entry(kind.into()).or_default() += count;
        }
    }

    pub(super) fn call_failed(&mut self, error: &ClientError) {
        self.error(kind_of(error));
    }

    pub(super) fn attempts(&self) -> u64 {
        self.attempts
    }

    pub(super) fn by_kind(&self) -> &BTreeMap<String, u64> {
        &self.by_kind
    }

    pub(super) fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }

    /// Errors per attempt; errors without any attempt count as total failure.
    pub(super) fn ratio(&self) -> f64 {
        match (self.total(), self.attempts) {
            (0, _) => 0.0,
            (_, 0) => 1.0,
            #[expect(clippy::cast_precision_loss, reason = "a ratio of counts that stay far below 2^52")]
            (total, attempts) => total as f64 / attempts as f64,
        }
    }
}

/// A short stable name: status and code where there was an answer.
fn kind_of(error: &ClientError) -> String {
    match (error, error.status(), error.code()) {
        (_, Some(status), Some(code)) => format!("{} {code}", status.as_u16()),
        (_, Some(status), None) => status.as_u16().to_string(),
        (ClientError::Timeout { .. }, ..) => "timeout".to_owned(),
        (ClientError::Unreachable { doing, .. }, ..) => format!("unreachable ({doing})"),
        _ => "not understood".to_owned(),
    }
}
