//! Quotas and rate limits (contract 03 §3, contract 00 on limits of requests).

use super::cluster::Tier;
use super::setting::{Kind, Setting};
use super::values::Values;
use std::time::Duration;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("ABUSE_ENABLED", Kind::Flag, "enforce quotas and record usage").or("true").file("abuse.enabled"),
    quota("MAX_CONCURRENT_SESSIONS_PER_ORG", "sessions with running or queued work").or("100").file("abuse.maxConcurrentSessionsPerOrg"),
    quota("MAX_CONCURRENT_WORKFLOW_RUNS_PER_ORG", "workflow runs at once").or("50").file("abuse.maxConcurrentWorkflowRunsPerOrg").later(),
    quota("MAX_ACTIVE_WORKERS_PER_ORG", "turns that run at once").or("20").file("abuse.maxActiveWorkersPerOrg").later(),
    quota("MAX_QUEUED_COMMANDS_PER_ORG", "commands that wait").or("1000").file("abuse.maxQueuedCommandsPerOrg"),
    quota("MAX_QUEUE_AGE_MS", "age of the oldest waiting command at which no further one is taken, in milliseconds")
        .or("1800000")
        .file("abuse.maxQueueAgeMs"),
    quota("MAX_PROMPTS_PER_HOUR", "prompts per organisation and hour").or("600").file("abuse.maxPromptsPerHour"),
    quota("MAX_WORKFLOW_RUNS_PER_HOUR", "workflow runs per organisation and hour").or("200").file("abuse.maxWorkflowRunsPerHour").later(),
    quota("MAX_GATEWAY_PROMPTS_PER_HOUR", "prompts from channels per organisation and hour")
        .or("300")
        .file("abuse.maxGatewayPromptsPerHour"),
    quota("MAX_WORKER_MINUTES_PER_HOUR", "minutes of execution per organisation and hour")
        .or("1200")
        .file("abuse.maxWorkerMinutesPerHour")
        .later(),
    quota("MAX_GATEWAY_DELIVERIES_PER_HOUR", "channel deliveries per organisation and hour")
        .or("1000")
        .file("abuse.maxGatewayDeliveriesPerHour")
        .later(),
    quota("MAX_GATEWAY_CHANNEL_BINDINGS_PER_ORG", "channel bindings that aren't disabled")
        .or("25")
        .file("abuse.maxGatewayChannelBindingsPerOrg"),
    quota("MAX_INVITES_PER_HOUR", "invitations per organisation and hour").or("100").file("abuse.maxInvitesPerHour"),
    quota("MAX_ARTIFACT_BYTES_PER_DAY", "bytes of artifacts per organisation and day")
        .or("10737418240")
        .file("abuse.maxArtifactBytesPerDay"),
    Setting::new("HTTP_RATE_LIMIT_ENABLED", Kind::Flag, "limit requests per address, organisation and API token, over all nodes")
        .or("true")
        .file("abuse.httpRateLimit.enabled"),
    Setting::new("HTTP_RATE_LIMIT_WINDOW_MS", Kind::Millis(1000), "window of that limit").or("60000").file("abuse.httpRateLimit.windowMs"),
    Setting::new("HTTP_RATE_LIMIT_MAX_REQUESTS", Kind::Count(1), "requests per window").or("600").file("abuse.httpRateLimit.maxRequests"),
    Setting::new("AUTH_BACKOFF_ENABLED", Kind::Flag, "make an address or a credential wait after it was rejected too often, on all nodes")
        .or("true")
        .file("abuse.authBackoff.enabled"),
    Setting::new("AUTH_BACKOFF_WINDOW_MS", Kind::Millis(1000), "window in which rejected credentials are counted")
        .or("60000")
        .file("abuse.authBackoff.windowMs"),
    Setting::new("AUTH_BACKOFF_MAX_FAILURES", Kind::Count(1), "rejected credentials before the wait")
        .or("10")
        .file("abuse.authBackoff.maxFailures"),
    Setting::new("AUTH_BACKOFF_MS", Kind::Millis(1), "how long the wait is").or("60000").file("abuse.authBackoff.backoffMs"),
];

const fn quota(name: &'static str, help: &'static str) -> Setting {
    Setting::new(name, Kind::Limit, help)
}

/// The `abuse` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbuseConfig {
    /// Whether quotas are enforced and usage is recorded.
    pub enabled: bool,
    /// Counted limits of an organisation.
    pub quotas: Quotas,
    /// Requests per window; `None` doesn't limit.
    pub http_rate_limit: Option<HttpRateLimit>,
    /// Wait after rejected credentials; `None` doesn't.
    pub auth_backoff: Option<AuthBackoff>,
}

/// Counted limits of an organisation. `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the contract describes each limit under the same name")]
pub struct Quotas {
    pub max_concurrent_sessions: Option<u64>,
    pub max_concurrent_workflow_runs: Option<u64>,
    pub max_active_workers: Option<u64>,
    pub max_queued_commands: Option<u64>,
    pub max_queue_age: Option<Duration>,
    pub max_prompts_per_hour: Option<u64>,
    pub max_workflow_runs_per_hour: Option<u64>,
    pub max_gateway_prompts_per_hour: Option<u64>,
    pub max_worker_minutes_per_hour: Option<u64>,
    pub max_gateway_deliveries_per_hour: Option<u64>,
    pub max_gateway_channel_bindings: Option<u64>,
    pub max_artifact_bytes_per_day: Option<u64>,
    pub max_invites_per_hour: Option<u64>,
}

/// Requests per address, organisation and API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpRateLimit {
    /// Length of an aligned window.
    pub window: Duration,
    /// Requests in it.
    pub max_requests: u64,
}

/// What happens to callers whose credentials are rejected again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthBackoff {
    /// Length of an aligned window.
    pub window: Duration,
    /// Failures in it before the wait.
    pub max_failures: u64,
    /// Length of the wait.
    pub wait: Duration,
}

impl AbuseConfig {
    /// One switch turns all of it off. In tier `local` a limit counts only where somebody configured it: a person at their own machine is nobody's abuser.
    pub(super) fn read(values: &Values, tier: Tier) -> Self {
        let enabled = values.flag("ABUSE_ENABLED");
        let applies = |name: &str| enabled && (tier != Tier::Local || values.is_configured(name));
        let limit = |name: &str| applies(name).then(|| values.limit(name)).flatten();
        let rate_limit = values.flag("HTTP_RATE_LIMIT_ENABLED")
            && ["HTTP_RATE_LIMIT_ENABLED", "HTTP_RATE_LIMIT_WINDOW_MS", "HTTP_RATE_LIMIT_MAX_REQUESTS"].into_iter().any(applies);
        let auth_backoff = values.flag("AUTH_BACKOFF_ENABLED")
            && ["AUTH_BACKOFF_ENABLED", "AUTH_BACKOFF_WINDOW_MS", "AUTH_BACKOFF_MAX_FAILURES", "AUTH_BACKOFF_MS"].into_iter().any(applies);
        Self {
            enabled,
            quotas: Quotas {
                max_concurrent_sessions: limit("MAX_CONCURRENT_SESSIONS_PER_ORG"),
                max_concurrent_workflow_runs: limit("MAX_CONCURRENT_WORKFLOW_RUNS_PER_ORG"),
                max_active_workers: limit("MAX_ACTIVE_WORKERS_PER_ORG"),
                max_queued_commands: limit("MAX_QUEUED_COMMANDS_PER_ORG"),
                max_queue_age: limit("MAX_QUEUE_AGE_MS").map(Duration::from_millis),
                max_prompts_per_hour: limit("MAX_PROMPTS_PER_HOUR"),
                max_workflow_runs_per_hour: limit("MAX_WORKFLOW_RUNS_PER_HOUR"),
                max_gateway_prompts_per_hour: limit("MAX_GATEWAY_PROMPTS_PER_HOUR"),
                max_worker_minutes_per_hour: limit("MAX_WORKER_MINUTES_PER_HOUR"),
                max_gateway_deliveries_per_hour: limit("MAX_GATEWAY_DELIVERIES_PER_HOUR"),
                max_gateway_channel_bindings: limit("MAX_GATEWAY_CHANNEL_BINDINGS_PER_ORG"),
                max_invites_per_hour: limit("MAX_INVITES_PER_HOUR"),
                max_artifact_bytes_per_day: limit("MAX_ARTIFACT_BYTES_PER_DAY"),
            },
            http_rate_limit: rate_limit.then(|| HttpRateLimit {
                window: values.millis("HTTP_RATE_LIMIT_WINDOW_MS"),
                max_requests: values.number("HTTP_RATE_LIMIT_MAX_REQUESTS"),
            }),
            auth_backoff: auth_backoff.then(|| AuthBackoff {
                window: values.millis("AUTH_BACKOFF_WINDOW_MS"),
                max_failures: values.number("AUTH_BACKOFF_MAX_FAILURES"),
                wait: values.millis("AUTH_BACKOFF_MS"),
            }),
        }
    }
}
