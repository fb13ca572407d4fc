//! How long records are kept. Unset keeps them, except what channels leave behind; this version removes that and audit events.

use super::setting::{Kind, Setting};
use super::values::Values;
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("RETENTION_SESSION_EVENT_MS", Kind::Millis(1), "age at which session events are removed").later(),
    Setting::new("RETENTION_WORKSPACE_EVENT_MS", Kind::Millis(1), "age at which workspace events are removed").later(),
    Setting::new("RETENTION_AUDIT_EVENT_MS", Kind::Millis(1), "age at which sealed audit events are removed"),
    Setting::new("RETENTION_USAGE_EVENT_MS", Kind::Millis(1), "age at which usage events are removed").later(),
    Setting::new("RETENTION_CHANNEL_DELIVERY_MS", Kind::Millis(1), "age at which channel deliveries are removed").or("2592000000"),
    Setting::new("RETENTION_CHANNEL_INTERACTION_MS", Kind::Millis(1), "age at which channel interactions are removed").or("2592000000"),
    Setting::new("RETENTION_STALE_THROTTLE_MS", Kind::Millis(1), "age at which idle rate windows are removed").or("3600000").later(),
    Setting::new("RETENTION_INTERVAL_MS", Kind::Millis(1), "how often old records are removed").or("3600000"),
    Setting::new("RETENTION_BATCH_SIZE", Kind::Count(1), "records removed at once").or("500").later(),
    Setting::new("RETENTION_MAX_BATCHES", Kind::Count(1), "batches per run; of audit events, seals of an organisation").or("20"),
];

/// The `retention` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionConfig {
    /// Age at which sealed audit events are removed; `None` keeps them.
    pub audit_events: Option<Duration>,
    /// Age at which channel deliveries at rest are removed.
    pub channel_deliveries: Duration,
    /// Age at which channel interactions are removed that are over.
    pub channel_interactions: Duration,
    /// How often old records are removed.
    pub interval: Duration,
    /// Batches per run.
    pub max_batches: usize,
}

impl RetentionConfig {
    pub(super) fn read(values: &Values) -> Self {
        Self {
            audit_events: values.limit("RETENTION_AUDIT_EVENT_MS").map(Duration::from_millis),
            channel_deliveries: values.millis("RETENTION_CHANNEL_DELIVERY_MS"),
            channel_interactions: values.millis("RETENTION_CHANNEL_INTERACTION_MS"),
            interval: values.millis("RETENTION_INTERVAL_MS"),
            max_batches: values.count("RETENTION_MAX_BATCHES"),
        }
    }
}
