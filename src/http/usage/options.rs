//! What usage may be configured to.

/// Whether usage is recorded, and the limits of the quotas that its summary shows. `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract describes each limit under the same name")]
pub struct UsageOptions {
    /// Whether usage is recorded and quotas are enforced: one switch does both (contract 03 §4).
    pub is_recorded: bool,
    pub prompts_per_hour: Option<u64>,
    pub workflow_runs_per_hour: Option<u64>,
    pub gateway_prompts_per_hour: Option<u64>,
    pub gateway_deliveries_per_hour: Option<u64>,
    pub worker_minutes_per_hour: Option<u64>,
    pub artifact_bytes_per_day: Option<u64>,
}

impl Default for UsageOptions {
    fn default() -> Self {
        Self {
            is_recorded: true,
            prompts_per_hour: None,
            workflow_runs_per_hour: None,
            gateway_prompts_per_hour: None,
            gateway_deliveries_per_hour: None,
            worker_minutes_per_hour: None,
            artifact_bytes_per_day: None,
        }
    }
}
