//! What the process says about itself.

use super::setting::{Kind, Setting};
use super::values::Values;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("LOG_LEVEL", Kind::Choice(&["error", "warn", "info", "debug", "trace"]), "how much is logged").or("info"),
    Setting::new("LOG_FORMAT", Kind::Choice(&["json", "text"]), "json for machines, text for people").or("json"),
    Setting::new("SERVICE_NAME", Kind::Text, "name in logs and traces").or("open-cowork-cloud").later(),
    Setting::new("SERVICE_VERSION", Kind::Text, "version in logs and traces").later(),
    Setting::new("OTLP_ENDPOINT", Kind::Url, "where traces go").later(),
    Setting::new("OTLP_HEADERS", Kind::Secret, "JSON object of headers to send with them").later(),
    Setting::new("OTLP_FLUSH_INTERVAL_MS", Kind::Millis(1), "how often traces are sent").or("30000").later(),
    Setting::new("OTLP_MAX_QUEUE_SIZE", Kind::Count(1), "traces that may wait").or("1000").later(),
];

/// The `observability` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservabilityConfig {
    /// How much is logged.
    pub log_level: LogLevel,
    /// In which form.
    pub log_format: LogFormat,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual levels")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Lines for people.
    Text,
}

impl ObservabilityConfig {
    pub(super) fn read(values: &Values) -> Self {
        Self {
            log_level: match values.text("LOG_LEVEL").as_deref() {
                Some("error") => LogLevel::Error,
                Some("warn") => LogLevel::Warn,
                Some("debug") => LogLevel::Debug,
                Some("trace") => LogLevel::Trace,
                _ => LogLevel::Info,
            },
            log_format: match values.text("LOG_FORMAT").as_deref() {
                Some("text") => LogFormat::Text,
                _ => LogFormat::Json,
            },
        }
    }
}

impl LogLevel {
    /// The level's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
