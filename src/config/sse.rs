//! Event streams.

use super::setting::{Kind, Setting};
use super::values::Values;
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    // Upstream polls at this pace and sends a comment each time, 1 s by default. Here the name sets the pace of the comments
    // alone: events are pushed. Writing to a cold stream costs 25 to 40 µs, so a second would cost 4 % of a core per 1 000 streams.
    Setting::new("SSE_POLL_INTERVAL_MS", Kind::Millis(100), "pause between the keep-alive comments of an idle stream").or("10000"),
    Setting::new("SSE_MAX_LIFETIME_MS", Kind::Millis(1000), "when a stream is ended, so that clients reconnect with fresh credentials")
        .or("1800000"),
    Setting::new("MAX_SSE_CONNECTIONS_PER_ORG", Kind::Count(1), "open streams of an organisation").or("200"),
    Setting::new("SSE_PG_NOTIFY", Kind::Flag, "upstream's accelerator; streams are pushed here in any case").or("false").later(),
    Setting::new("SSE_NOTIFY_BACKSTOP_POLL_MS", Kind::Millis(1), "upstream's polling beside that accelerator").or("15000").later(),
];

/// The `sse` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SseConfig {
    /// Pause between keep-alive comments.
    pub keep_alive: Duration,
    /// When a stream is ended.
    pub max_lifetime: Duration,
    /// Open streams of an organisation.
    pub max_streams_per_org: usize,
}

impl SseConfig {
    pub(super) fn read(values: &Values) -> Self {
        Self {
            keep_alive: values.millis("SSE_POLL_INTERVAL_MS"),
            max_lifetime: values.millis("SSE_MAX_LIFETIME_MS"),
            max_streams_per_org: values.count("MAX_SSE_CONNECTIONS_PER_ORG"),
        }
    }
}
