//! How long records are kept. Unset keeps them; nothing is removed by this version yet.

use super::setting::{Kind, Setting};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("RETENTION_SESSION_EVENT_MS", Kind::Millis(1), "age at which session events are removed").later(),
    Setting::new("RETENTION_WORKSPACE_EVENT_MS", Kind::Millis(1), "age at which workspace events are removed").later(),
    Setting::new("RETENTION_AUDIT_EVENT_MS", Kind::Millis(1), "age at which audit events are removed").later(),
    Setting::new("RETENTION_USAGE_EVENT_MS", Kind::Millis(1), "age at which usage events are removed").later(),
    Setting::new("RETENTION_CHANNEL_DELIVERY_MS", Kind::Millis(1), "age at which channel deliveries are removed").later(),
    Setting::new("RETENTION_CHANNEL_INTERACTION_MS", Kind::Millis(1), "age at which channel interactions are removed").later(),
    Setting::new("RETENTION_STALE_THROTTLE_MS", Kind::Millis(1), "age at which idle rate windows are removed").or("3600000").later(),
    Setting::new("RETENTION_INTERVAL_MS", Kind::Millis(1), "how often old records are removed").or("3600000").later(),
    Setting::new("RETENTION_BATCH_SIZE", Kind::Count(1), "records removed at once").or("500").later(),
    Setting::new("RETENTION_MAX_BATCHES", Kind::Count(1), "batches per run").or("20").later(),
];
