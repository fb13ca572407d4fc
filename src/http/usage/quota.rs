//! The six quotas of the summary, each with the window that runs now.

use super::UsageOptions;
use cowork_domain::{admission::HOUR_MS, audit::UsageUnit, codes::Code, timestamp::Timestamp};
use cowork_store::Consumed;
use serde::Serialize;

const DAY_MS: i64 = 24 * HOUR_MS;

/// How much may be used in a window, and how much was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quota {
    quota_key: &'static str,
    label: &'static str,
    unit: &'static str,
    /// Whether what goes beyond the limit is refused.
    enabled: bool,
    limit: Option<u64>,
    used: u64,
    remaining: Option<u64>,
    window_ms: i64,
    window_started_at: Timestamp,
    reset_at: Timestamp,
    policy_code: Code,
}

/// What is counted, and how it is called.
struct Kind {
    key: &'static str,
    label: &'static str,
    unit: UsageUnit,
    window_ms: i64,
    code: Code,
    /// Whether this version refuses what goes beyond the limit.
    is_enforced: bool,
}

const fn hourly(key: &'static str, label: &'static str, code: Code) -> Kind {
    Kind { key, label, unit: UsageUnit::Count, window_ms: HOUR_MS, code, is_enforced: true }
}

const PROMPTS: Kind = hourly("prompts:hour", "Prompts per hour", Code::PromptsPerHourExceeded);
const WORKFLOW_RUNS: Kind =
    Kind { is_enforced: false, ..hourly("workflow_runs:hour", "Workflow runs per hour", Code::WorkflowRunsPerHourExceeded) };
const GATEWAY_PROMPTS: Kind = hourly("gateway_prompts:hour", "Gateway prompts per hour", Code::GatewayPromptsPerHourExceeded);
const GATEWAY_DELIVERIES: Kind = hourly("gateway_deliveries:hour", "Gateway deliveries per hour", Code::GatewayDeliveriesPerHourExceeded);
const WORKER_MINUTES: Kind = Kind {
    unit: UsageUnit::Minute,
    is_enforced: false,
    ..hourly("worker_minutes:hour", "Worker minutes per hour", Code::WorkerMinutesPerHourExceeded)
};
const ARTIFACT_BYTES: Kind = Kind {
    unit: UsageUnit::Byte,
    window_ms: DAY_MS,
    ..hourly("artifact_bytes:day", "Artifact bytes per day", Code::ArtifactBytesPerDayExceeded)
};

/// In the order of the contract.
pub(super) fn all(options: &UsageOptions, consumed: &Consumed) -> [Quota; 6] {
    // Without a limit nobody asks for admission, so that only what was recorded tells.
    let counted = |limit: Option<u64>, admitted, recorded| if limit.is_some() { admitted } else { recorded };
    let gateway_prompts = counted(options.gateway_prompts_per_hour, consumed.gateway_prompts_admitted, consumed.gateway_prompts_recorded);
    let gateway_deliveries =
        counted(options.gateway_deliveries_per_hour, consumed.gateway_deliveries_admitted, consumed.gateway_deliveries_recorded);
    [
        (PROMPTS, options.prompts_per_hour, consumed.prompts),
        (WORKFLOW_RUNS, options.workflow_runs_per_hour, consumed.workflow_runs),
        (GATEWAY_PROMPTS, options.gateway_prompts_per_hour, gateway_prompts),
        (GATEWAY_DELIVERIES, options.gateway_deliveries_per_hour, gateway_deliveries),
        (WORKER_MINUTES, options.worker_minutes_per_hour, consumed.worker_minutes),
        (ARTIFACT_BYTES, options.artifact_bytes_per_day, consumed.artifact_bytes),
    ]
    .map(|(kind, limit, used)| Quota::of(&kind, options.is_recorded, limit, used, consumed.at))
}

/// The codes of those whose limits are shown alone.
pub(in crate::http) fn unenforced() -> Vec<Code> {
    let kinds = [PROMPTS, WORKFLOW_RUNS, GATEWAY_PROMPTS, GATEWAY_DELIVERIES, WORKER_MINUTES, ARTIFACT_BYTES];
    kinds.iter().filter(|kind| !kind.is_enforced).map(|kind| kind.code).collect()
}

impl Quota {
    fn of(kind: &Kind, is_on: bool, limit: Option<u64>, used: u64, at: Timestamp) -> Self {
        let passed = at.as_millis().rem_euclid(kind.window_ms);
        let began = at.plus_millis(-passed);
        Self {
            quota_key: kind.key,
            label: kind.label,
            unit: kind.unit.as_str(),
            enabled: is_on && kind.is_enforced,
            limit,
            used,
            remaining: limit.map(|limit| limit.saturating_sub(used)),
            window_ms: kind.window_ms,
            window_started_at: began,
            reset_at: began.plus_millis(kind.window_ms),
            policy_code: kind.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn consumed() -> Consumed {
        Consumed {
            at: Timestamp::parse("2026-11-21T17:58:20.670Z").expect("an instant"),
            prompts: 4,
            gateway_prompts_admitted: 2,
            gateway_prompts_recorded: 1,
            gateway_deliveries_admitted: 0,
            gateway_deliveries_recorded: 3,
            workflow_runs: 0,
            worker_minutes: 11,
            artifact_bytes: 12,
        }
    }

    #[test]
    fn a_quota_reads_like_the_recording() {
        let options = UsageOptions { prompts_per_hour: Some(600), artifact_bytes_per_day: Some(10), ..UsageOptions::default() };
        let quotas = serde_json::to_value(all(&options, &consumed())).expect("JSON");
        let expected = json!({
            "quotaKey": "prompts:hour", "label": "Prompts per hour", "unit": "count", "enabled": true, "limit": 600, "used": 4,
            "remaining": 596, "windowMs": 3_600_000, "windowStartedAt": "2026-11-21T17:00:00.000Z", "resetAt": "2026-11-21T18:00:00.000Z",
            "policyCode": "quota.prompts_per_hour_exceeded",
        });
        assert_eq!(quotas[0], expected);
        let expected = json!({
            "quotaKey": "artifact_bytes:day", "label": "Artifact bytes per day", "unit": "byte", "enabled": true, "limit": 10, "used": 12,
            "remaining": 0, "windowMs": 86_400_000, "windowStartedAt": "2026-11-21T00:00:00.000Z", "resetAt": "2026-11-22T00:00:00.000Z",
            "policyCode": "quota.artifact_bytes_per_day_exceeded",
        });
        assert_eq!(quotas[5], expected);
    }

    #[test]
    fn what_refuses_is_what_is_shown() {
        let used = |options: UsageOptions| all(&options, &consumed()).map(|quota| (quota.used, quota.limit, quota.enabled));
        let unlimited = used(UsageOptions::default());
        assert_eq!((unlimited[2], unlimited[3]), ((1, None, true), (3, None, true)));
        let limited = used(UsageOptions { gateway_prompts_per_hour: Some(300), ..UsageOptions::default() });
        assert_eq!((limited[2], limited[3]), ((2, Some(300), true), (3, None, true)));
        assert!(used(UsageOptions { is_recorded: false, ..UsageOptions::default() }).iter().all(|(_, _, enabled)| !enabled));
    }
}
