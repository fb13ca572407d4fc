//! The way out of a turn.

use super::failure::Stop;
use cowork_domain::runtime_event::RuntimeEvent;
use tokio::sync::mpsc;

/// Where a turn reports to.
#[derive(Clone)]
pub(crate) struct Reports(pub(crate) mpsc::Sender<RuntimeEvent>);

impl Reports {
    /// Reports; waits while the session is behind.
    pub(crate) async fn send(&self, event: RuntimeEvent) -> Result<(), Stop> {
        self.0.send(event).await.map_err(|_| Stop::Gone)
    }
}

/// A new identifier: the prefix and 32 hex digits.
pub(crate) fn fresh_id(prefix: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "tools name their own reports; nothing is derived from these ids")]
    let id = uuid::Uuid::new_v4();
    format!("{prefix}{}", id.simple())
}
