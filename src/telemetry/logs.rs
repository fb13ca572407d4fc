//! Structured logs on stderr. Standard output belongs to data.

use crate::config::observability::{LogFormat, LogLevel, ObservabilityConfig};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Libraries that print what passes through them: their debug logs hold message payloads, headers and bodies. No level of ours
/// opens them.
const CAPPED: [&str; 12] = [
    "aws_sigv4",
    "h2",
    "hyper",
    "hyper_util",
    "object_store",
    "ractor",
    "reqwest",
    "rig",
    "rustls",
    "sqlx",
    "tokio_tungstenite",
    "tungstenite",
];

/// This one prints payloads as well, and warns of each link that ends, which the links say themselves, and better.
const CAPPED_AT_ERROR: &str = "ractor_cluster=error";

/// Starts logging. Only the first call of a process has an effect; the answer to a later one says so.
pub fn install(config: &ObservabilityConfig) -> Result<(), TryInitError> {
    let registry = tracing_subscriber::registry().with(filter(config.log_level));
    match config.log_format {
        LogFormat::Json => {
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(lines.with_writer(std::io::stderr)).try_init()
        }
        LogFormat::Text => {
            let lines = tracing_subscriber::fmt::layer().compact().with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
            registry.with(lines.with_writer(std::io::stderr)).try_init()
        }
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let mut filter = EnvFilter::new(level.as_str());
    let cap = if level == LogLevel::Error { "error" } else { "warn" };
    for target in CAPPED {
        let directive: Directive = format!("{target}={cap}").parse().expect("a target and a level make a directive");
        filter = filter.add_directive(directive);
    }
    filter.add_directive(CAPPED_AT_ERROR.parse().expect("a target and a level make a directive"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn frames_between_nodes_are_capped_at_every_level() {
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace] {
            let text = filter(level).to_string();
            let directives: Vec<_> = text.split(',').filter(|directive| directive.starts_with("ractor")).collect();
            let cap = if level == LogLevel::Error { "ractor=error" } else { "ractor=warn" };
            assert!(directives.len() == 2 && directives.contains(&cap) && directives.contains(&"ractor_cluster=error"), "{text}");
        }
    }

    #[test]
    fn no_level_opens_the_targets_that_print_payloads() {
        let sink = Sink::default();
        let writer = sink.clone();
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(filter(LogLevel::Trace)).with(lines);
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "ractor_cluster::node", payload = "canary", "frame");
            tracing::trace!(target: "hyper_util::client", "canary");
            tracing::warn!(target: "ractor", "a warning still shows");
            tracing::trace!(target: "open_cowork_cloud", "ours shows");
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("a warning still shows") && text.contains("ours shows"), "{text}");
    }
}
