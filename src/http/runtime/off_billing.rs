//! Billing as a deployment without a payment provider shows it (contract 03 §1): everything is allowed and nothing is counted.

use serde_json::{Value, json};

const LIMITS: [&str; 12] = [
    "maxConcurrentSessionsPerOrg",
    "maxConcurrentWorkflowRunsPerOrg",
    "maxActiveWorkersPerOrg",
    "maxQueuedCommandsPerOrg",
    "maxQueueAgeMs",
    "maxPromptsPerHour",
    "maxWorkflowRunsPerHour",
    "maxGatewayPromptsPerHour",
    "maxWorkerMinutesPerHour",
    "maxGatewayDeliveriesPerHour",
    "maxGatewayChannelBindingsPerOrg",
    "maxArtifactBytesPerDay",
];

pub(super) fn subscription() -> Value {
    let mut entitlements = json!({
        "allowNewSessions": true, "allowPrompts": true, "allowWorkers": true, "allowedProfiles": [], "allowedProviders": [],
    });
    for limit in LIMITS {
        entitlements[limit] = Value::Null;
    }
    json!({
        "enabled": false, "mode": "self-host", "providerId": "none", "subscription": null, "entitlements": entitlements, "active": true,
        "plans": [{ "planKey": "self-host", "label": "Self-host", "default": true, "entitlements": entitlements }],
    })
}
