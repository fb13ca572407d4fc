//! The twelve limits that a plan may set (contract 03 §3).

use crate::admission::OrgLimits;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

macro_rules! plan_limits {
    ($($variant:ident $name:literal,)*) => {
        /// One of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the contract describes each limit under the same name")]
        pub enum PlanLimit { $($variant,)* }

        impl PlanLimit {
            /// All of them, in the order of the contract.
            pub const ALL: [Self; 12] = [$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

plan_limits! {
    ConcurrentSessions "maxConcurrentSessionsPerOrg",
    ConcurrentWorkflowRuns "maxConcurrentWorkflowRunsPerOrg",
    ActiveWorkers "maxActiveWorkersPerOrg",
    QueuedCommands "maxQueuedCommandsPerOrg",
    QueueAgeMs "maxQueueAgeMs",
    PromptsPerHour "maxPromptsPerHour",
    WorkflowRunsPerHour "maxWorkflowRunsPerHour",
    GatewayPromptsPerHour "maxGatewayPromptsPerHour",
    WorkerMinutesPerHour "maxWorkerMinutesPerHour",
    GatewayDeliveriesPerHour "maxGatewayDeliveriesPerHour",
    GatewayChannelBindings "maxGatewayChannelBindingsPerOrg",
    ArtifactBytesPerDay "maxArtifactBytesPerDay",
}

impl PlanLimit {
    /// The limit with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.as_str() == name)
    }
}

/// What a plan says about limits. One that it doesn't name stays as the deployment has it; one that it names is the plan's,
/// and unlimited where that is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanLimits(BTreeMap<PlanLimit, Option<u64>>);

impl PlanLimits {
    /// Sets a limit.
    pub fn set(&mut self, limit: PlanLimit, most: Option<u64>) {
        self.0.insert(limit, most);
    }

    /// The limit in force where the deployment has `configured`; `None` is unlimited.
    pub fn over(&self, limit: PlanLimit, configured: Option<u64>) -> Option<u64> {
        self.0.get(&limit).copied().unwrap_or(configured)
    }

    /// The limits of the organisation's admission.
    pub fn over_admission(&self, configured: OrgLimits) -> OrgLimits {
        OrgLimits {
            concurrent_sessions: self.over(PlanLimit::ConcurrentSessions, configured.concurrent_sessions),
            queued_commands: self.over(PlanLimit::QueuedCommands, configured.queued_commands),
            queue_age_ms: self.over(PlanLimit::QueueAgeMs, configured.queue_age_ms),
            prompts_per_hour: self.over(PlanLimit::PromptsPerHour, configured.prompts_per_hour),
        }
    }

    /// Those that the plan names.
    pub(super) fn named(&self) -> impl Iterator<Item = (PlanLimit, Option<u64>)> {
        self.0.iter().map(|(limit, most)| (*limit, *most))
    }

    /// All twelve, as the contract shows them: null where the plan sets none.
    pub(super) fn show(&self, fields: &mut Map<String, Value>) {
        for limit in PlanLimit::ALL {
            fields.insert(limit.as_str().to_owned(), self.over(limit, None).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_overrides_what_it_names_and_null_lifts_a_limit() {
        let mut limits = PlanLimits::default();
        limits.set(PlanLimit::PromptsPerHour, Some(2));
        limits.set(PlanLimit::QueuedCommands, None);
        let configured =
            OrgLimits { concurrent_sessions: Some(100), queued_commands: Some(1000), queue_age_ms: None, prompts_per_hour: Some(600) };
        let expected = OrgLimits { concurrent_sessions: Some(100), queued_commands: None, queue_age_ms: None, prompts_per_hour: Some(2) };
        assert_eq!(limits.over_admission(configured), expected);
        assert_eq!(PlanLimits::default().over_admission(configured), configured);
    }
}
