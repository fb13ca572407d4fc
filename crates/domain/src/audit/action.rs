//! Every event type of the audit log (contract 02 §10), and ours.

macro_rules! audit_actions {
    ($($variant:ident $name:literal,)*) => {
        /// What was done. A name is part of the contract: it is never renamed and never means something else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is described by its name")]
        pub enum AuditAction { $($variant,)* }

        impl AuditAction {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The event type on the wire and in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

audit_actions! {
    // Sessions and their commands
    SessionCreated "session.created",
    SessionImported "session.imported",
    SessionImportRequested "session_import.requested",
    SessionImportCompleted "session_import.completed",
    SessionImportFailed "session_import.failed",
    CommandPrompt "command.prompt",
    CommandAborted "command.aborted",
    CommandPermissionResponded "command.permission_responded",
    CloudInteractionPermissionResponded "cloud_interaction.permission.responded",
    CloudInteractionQuestionReplied "cloud_interaction.question.replied",
    CloudInteractionQuestionRejected "cloud_interaction.question.rejected",
    CloudInteractionRemotePolicyDenied "cloud_interaction.remote_policy.denied",
    ArtifactUploaded "artifact.uploaded",
    ArtifactDownloaded "artifact.downloaded",
    WorkerLeaseClaimed "worker.lease_claimed",
    SessionLeaseReaped "managed_work.session_lease_reaped",
    RuntimeProgressWatchdogDecision "runtime.progress_watchdog.decision",
    // Organisation
    MembershipCreated "membership.created",
    MembershipUpdated "membership.updated",
    CustomRoleCreated "custom_role.created",
    CustomRoleUpdated "custom_role.updated",
    CustomRoleDeleted "custom_role.deleted",
    ManagedPolicyUpdated "managed_policy.updated",
    SsoConfigCreated "sso_config.created",
    SsoConfigUpdated "sso_config.updated",
    SsoConfigDeleted "sso_config.deleted",
    ApiTokenCreated "api_token.created",
    ApiTokenRevoked "api_token.revoked",
    ApiTokenChannelBindingGranted "api_token.channel_binding_granted",
    // Provider keys and billing
    ByokSecretCreated "byok_secret.created",
    ByokSecretRotationStarted "byok_secret.rotation_started",
    ByokSecretValidated "byok_secret.validated",
    ByokSecretRotated "byok_secret.rotated",
    ByokSecretDisabled "byok_secret.disabled",
    ByokSecretValidationOverride "byok_secret.validation_override",
    ByokSecretRevealed "byok_secret.revealed",
    ByokSecretShredded "byok_secret.shredded",
    BillingCheckoutCreated "billing.checkout.created",
    BillingWebhookProcessed "billing.webhook.processed",
    BillingSubscriptionCreated "billing.subscription.created",
    BillingSubscriptionUpdated "billing.subscription.updated",
    // Channels
    HeadlessAgentCreated "headless_agent.created",
    HeadlessAgentUpdated "headless_agent.updated",
    ChannelBindingCreated "channel_binding.created",
    ChannelBindingUpdated "channel_binding.updated",
    ChannelSessionBound "channel_session_bound",
    ChannelSessionBoundByIdentity "channel_session.bound_by_identity",
    ChannelPromptEnqueued "channel_prompt.enqueued",
    ChannelInteractionUsed "channel_interaction.used",
    ChannelInteractionPermissionResponded "channel_interaction.permission.responded",
    ChannelInteractionQuestionReplied "channel_interaction.question.replied",
    ChannelInteractionQuestionRejected "channel_interaction.question.rejected",
    ChannelInteractionRemotePolicyDenied "channel_interaction.remote_policy.denied",
    // Managed workers
    ManagedWorkerPoolCreated "managed_worker_pool.created",
    ManagedWorkerPoolUpdated "managed_worker_pool.updated",
    ManagedWorkerRegistered "managed_worker.registered",
    ManagedWorkerActive "managed_worker.active",
    ManagedWorkerDraining "managed_worker.draining",
    ManagedWorkerPaused "managed_worker.paused",
    ManagedWorkerUnhealthy "managed_worker.unhealthy",
    ManagedWorkerRetired "managed_worker.retired",
    ManagedWorkerRevoked "managed_worker.revoked",
    ManagedWorkerCredentialIssued "managed_worker_credential.issued",
    ManagedWorkerCredentialRotated "managed_worker_credential.rotated",
    ManagedWorkerCredentialRevoked "managed_worker_credential.revoked",
    ManagedWorkerHeartbeatRejected "managed_worker_heartbeat.rejected",
    // The log itself
    AuditExported "audit.exported",
    // Beyond the contract
    ChannelDeliveryRetried "channel_delivery.retried",
    ChannelDeliveryDeadLettered "channel_delivery.dead_lettered",
    AuthSignIn "auth.sign_in",
    AuthSignOut "auth.sign_out",
    AuthTokenRefused "auth.token_refused",
    AuthSessionRevoked "auth.session_revoked",
    SignupModeChanged "signup_mode.changed",
    OrgCreated "org.created",
    OrgPaused "org.paused",
    OrgResumed "org.resumed",
    OrgFrozen "org.frozen",
    InviteAccepted "invite.accepted",
    ChannelIdentityChanged "channel_identity.changed",
    ProjectSnapshotUploaded "project_snapshot.uploaded",
    StartRuleWaived "start_rule.waived",
    ClusterNodeDrained "cluster_node.drained",
    ClusterNodeUndrained "cluster_node.undrained",
    ClusterNodeForgotten "cluster_node.forgotten",
    QuarantineLifted "quarantine.lifted",
}

#[cfg(test)]
mod tests {
    use super::AuditAction;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_event_types_share_a_name_and_none_needs_quoting() {
        let names: BTreeSet<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), AuditAction::ALL.len());
        let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.');
        assert!(names.iter().all(plain));
    }
}
