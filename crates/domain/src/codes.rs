//! Every stable dotted code that this server emits. A code is part of the contract: it is never
//! renamed and never means something else.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

macro_rules! codes {
    ($($variant:ident $name:literal $text:literal,)*) => {
        /// A stable code for programs; the text beside it is for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one line.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    RequestInvalid "request.invalid" "the request can't be understood, or asks for what can't be",
    RequestUnauthenticated "auth.required" "the request names no caller, or none who is known",
    RequestForbidden "authorization.denied" "the caller may not do this",
    ResourceNotFound "resource.not_found" "there is no such thing, or it is none of the caller's",
    MethodNotAllowed "request.method_not_allowed" "the path takes no request of this method",
    RequestTimeout "request.timeout" "the request took too long to arrive",
    ResourceConflict "resource.conflict" "what is there stands in the way",
    RangeNotSatisfiable "request.range_not_satisfiable" "the range lies beyond the content",
    LimitExceeded "limit.exceeded" "the caller has as much of it as anybody may have",
    InternalError "internal.error" "the server failed unexpectedly; its log says why, beside the request's id",
    ServiceUnavailable "service.unavailable" "the server can't do this at the moment; try again",
    AuthorizationActionUnknown "authorization.action_unknown" "no action is known for this method and path",
    AuthorizationScopeRequired "authorization.scope_required" "the token lacks a scope that this action needs",
    AuthorizationPrincipalDenied "authorization.principal_denied" "this principal may not do this",
    AuthInviteRequired "auth.invite_required" "only who was invited may join",
    AuthMembershipMissing "auth.membership_missing" "the caller has no active membership in the organisation",
    AuthRoleInsufficient "auth.role_insufficient" "the caller's role or permissions don't allow this",
    AuthTokenExpired "auth.token_expired" "the token was genuine and its time is over; issue a new one",
    AuthTokenRevoked "auth.token_revoked" "the token was genuine and somebody revoked it; don't try it again",
    AuthSessionExpired "auth.session_expired" "the browser session's time is over; sign in again",
    AuthSessionRevoked "auth.session_revoked" "the browser session was ended; sign in again",
    AuthCsrfInvalid "auth.csrf_invalid" "the request came by cookie without the session's CSRF token",
    AuthSsoRequired "auth.sso_required" "the organisation accepts single sign-on only",
    AuthDomainNotAllowed "auth.domain_not_allowed" "the e-mail domain may not sign up here",
    OrgNotActive "org.not_active" "the organisation is paused, suspended or closed",
    OrgFrozen "org.frozen" "the organisation takes no changes at the moment; reading goes on",
    InviteDisabled "invite.disabled" "the deployment has no signing secret, so it can't read invitations",
    InviteInvalid "invite.invalid" "the invitation is forged, damaged or over; ask for another one",
    InviteNotFound "invite.not_found" "the membership that the invitation is for is not there",
    InviteRevoked "invite.revoked" "the membership was disabled after the invitation was sent",
    InviteRateExceeded "invite.rate_exceeded" "the organisation sent too many invitations within an hour",
    InviteModeRequired "invite.mode_required" "people are invited only where the signup mode is invite",
    MemberUnknown "member.unknown" "the organisation has no such member",
    MemberOwnersOnly "member.owners_only" "only owners invite, promote or change owners",
    MemberBeyondOwnPower "member.beyond_own_power" "nobody hands out permissions that they don't have",
    MemberOwnMembership "member.own_membership" "nobody changes their own role or status",
    MemberUnconfirmed "member.unconfirmed" "disabling a member needs the account id once more",
    MemberLastOwner "member.last_owner" "the organisation would have no owner",
    CustomRoleUnknown "custom_role.unknown" "the organisation has no such custom role",
    CustomRoleExists "custom_role.exists" "the organisation has a custom role with this key",
    ChannelsBindingScopeRequired "channels.binding_scope_required" "the token has no grant for this channel binding",
    ChannelsClaimLost "channels.claim_lost" "the claim of the delivery is over, and somebody else may have sent it meanwhile",
    ChannelsLeaseTaken "channels.lease_taken" "another gateway holds the lease of the channel binding",
    ChannelsLeaseLost "channels.lease_lost" "the lease of the channel binding went to another gateway, or to a later life of this one",
    GatewayChannelNotBound "gateway.channel_not_bound" "the thread is bound to no session, or to one that the token doesn't reach",
    GatewayIdentityNotAllowed "gateway.identity_not_allowed" "nobody known and active by this name may do this in the channel",
    GatewayRemoteApprovalDisabled "gateway-remote-approval-disabled" "the profile doesn't accept answers to permissions and questions from channels",
    ChannelInteractionExists "channels.interaction_exists" "the interaction's id or external id is in use",
    ChannelInteractionResolved "channels.interaction_resolved" "somebody else answered at the same moment",
    ChannelAgentDisabled "channels.agent_disabled" "the binding's agent is disabled",
    ChannelThreadConflict "channels.thread_conflict" "the thread is bound already, by another binding or to another session",
    ChannelIdUnavailable "channels.id_unavailable" "the id is another organisation's; choose another one",
    ChannelPromptConflict "channels.prompt_conflict" "the key was used for another prompt, or its prompt has failed",
    ChatDisabled "chat.disabled" "the deployment has chat turned off",
    AgentsDisabled "agents.disabled" "the deployment has agents turned off",
    ArtifactsDisabled "artifacts.disabled" "the deployment has artifacts turned off",
    ThreadIndexDisabled "thread_index.disabled" "the deployment has the thread index turned off",
    WorkflowsDisabled "workflows.disabled" "the deployment has workflows turned off",
    WebhooksDisabled "webhooks.disabled" "the deployment has webhooks turned off",
    SettingsDisabled "settings.disabled" "the deployment has settings turned off",
    CustomSkillsDisabled "custom_skills.disabled" "the deployment has custom skills turned off",
    CustomAgentsDisabled "custom_agents.disabled" "the deployment has custom agents turned off",
    CustomMcpsDisabled "custom_mcps.disabled" "the deployment has custom MCP servers turned off",
    KnowledgeDisabled "knowledge.disabled" "the deployment has knowledge turned off",
    ChannelsDisabled "channels.disabled" "the deployment has channels turned off",
    ByokDisabled "byok.disabled" "the deployment has own provider keys turned off",
    CapabilitiesDisabled "capabilities.disabled" "agents, custom skills and custom MCP servers are all turned off",
    AgentNotEnabled "policy.agent_not_enabled" "the profile doesn't allow this agent",
    CloudRemoteApprovalDisabled "cloud-remote-approval-disabled" "the profile doesn't accept answers to permissions and questions from here",
    MembershipRequired "cloud-rbac-workspace-membership-required" "answering needs an active membership",
    SessionStatusInvalid "sessions.status.invalid" "the status filter is not a session status",
    SessionCursorInvalid "sessions.cursor.invalid" "the cursor is malformed or belongs to another list",
    WorkflowCursorInvalid "workflows.cursor.invalid" "the cursor is malformed or belongs to another list",
    AuditCursorInvalid "audit.cursor.invalid" "the cursor is malformed or belongs to another list",
    ConcurrentSessionsExceeded "quota.concurrent_sessions_exceeded" "too many sessions of the organisation are at work",
    QueuedCommandsExceeded "quota.queued_commands_exceeded" "too many prompts of the organisation wait",
    QueueAgeExceeded "quota.queue_age_exceeded" "the oldest waiting prompt of the organisation waits too long",
    PromptsPerHourExceeded "quota.prompts_per_hour_exceeded" "the organisation used up its prompts of this hour",
    WorkflowRunsPerHourExceeded "quota.workflow_runs_per_hour_exceeded" "the organisation used up its workflow runs of this hour",
    WorkerMinutesPerHourExceeded "quota.worker_minutes_per_hour_exceeded" "the organisation used up its minutes of workers of this hour",
    GatewayPromptsPerHourExceeded "quota.gateway_prompts_per_hour_exceeded" "the organisation used up its prompts from channels of this hour",
    GatewayChannelBindingsExceeded "quota.gateway_channel_bindings_exceeded" "the organisation has as many channel bindings as it may have",
    GatewayDeliveriesPerHourExceeded "quota.gateway_deliveries_per_hour_exceeded" "the organisation used up its channel deliveries of this hour",
    ArtifactBytesPerDayExceeded "quota.artifact_bytes_per_day_exceeded" "the organisation used up its bytes of artifacts of this day",
    ModelTokensPerDayExceeded "quota.model_tokens_per_day_exceeded" "the organisation used up its model tokens of this day",
    ModelCostPerDayExceeded "quota.model_cost_per_day_exceeded" "the organisation used up what it may spend at its model providers in a day",
    BillingSubscriptionRequired "billing.subscription_required" "the deployment bills, and the organisation has no subscription",
    BillingSubscriptionInactive "billing.subscription_inactive" "the organisation's subscription is not paid for, or ended",
    BillingFeatureNotEntitled "billing.feature_not_entitled" "the organisation's plan doesn't include this feature",
    BillingProfileNotEntitled "billing.profile_not_entitled" "the organisation's plan doesn't include this profile",
    BillingProviderNotEntitled "billing.provider_not_entitled" "the organisation's plan doesn't include keys of this provider",
    BillingSessionsNotEntitled "billing.sessions_not_entitled" "the organisation's plan doesn't include new sessions",
    BillingPromptsNotEntitled "billing.prompts_not_entitled" "the organisation's plan doesn't include prompts",
    BillingWorkersNotEntitled "billing.workers_not_entitled" "the organisation's plan doesn't include execution by workers",
    BillingDisabled "billing.disabled" "the deployment doesn't bill",
    BillingCustomerUnknown "billing.customer_unknown" "the payment provider knows no customer for this organisation yet",
    BillingProviderUnavailable "billing.provider_unavailable" "the payment provider can't be asked, or refused the request",
    BillingSignatureInvalid "billing.signature_invalid" "the webhook isn't signed by the payment provider, or too long ago",
    BillingWebhookRefused "billing.webhook_refused" "the webhook is about an organisation that doesn't exist",
    StreamsExceeded "quota.streams_exceeded" "the organisation has too many open streams",
    HttpRateExceeded "rate_limit.http_exceeded" "too many requests",
    AuthProviderUnavailable "auth.provider_unavailable" "the OpenID provider can't be asked; try again",
    AuthBackoff "auth.backoff" "too many rejected authentication attempts",
    SessionQuarantined "session.quarantined" "the session failed too often and is stopped until an operator lifts it; its log is untouched",
    EntityQuarantined "entity.quarantined" "an entity failed too often and is stopped until an operator lifts it",
    ClusterUnavailable "cluster.unavailable" "no node could take the request in time; try again",
    StoreUnavailable "store.unavailable" "the database can't be reached; try again",
    NodeDraining "node.draining" "the node is shutting down; try another or again",
    NodeServesNoClients "node.serves_no_clients" "the role of this node answers no clients; ask a web or all-in-one node",
    NodeUnknown "cluster.node_unknown" "no node of this name is known",
    NodeInUse "cluster.node_in_use" "the node is alive or owns shards, so it can't be forgotten",
    IdempotencyMismatch "idempotency.mismatch" "the key was used for another request",
    IdempotencyInProgress "idempotency.in_progress" "the first request with this key isn't answered yet; try again",
    IdempotencyKeyInvalid "idempotency.key_invalid" "the key is empty, too long or has characters that aren't printable ASCII",
    BodyTooLarge "request.body_too_large" "the request body is larger than the limit of this route",
    InvalidJson "request.invalid_json" "the request body is not JSON",
    InvalidField "request.invalid_field" "a field of the request is missing or malformed",
    CapacityUnavailable "capacity_unavailable" "a pool of workers has as many workers or as much work as it may have",
    WorkerOver "managed_worker.over" "the worker is retired or revoked, or the credential was taken back",
    SecretsUnsealed "secrets.unsealed" "the deployment has no key to seal secrets with",
    ImportUnsafe "import.unsafe_content" "the import holds local paths or secret-like values",
    ArtifactStorageOff "artifacts.storage_off" "the deployment has no artifact storage",
    ArtifactTooLarge "artifacts.too_large" "an artifact has at most 25 MiB",
    ArtifactStoreUnavailable "artifacts.store_unavailable" "the object store can't be reached, or doesn't answer in time; try again",
    ArtifactUnknown "artifacts.unknown" "the session has no such artifact, or its content isn't kept here",
    ArtifactDamaged "artifacts.damaged" "the content of the artifact isn't what was stored; it is not served",
    ArtifactStatusBackwards "artifacts.status_backwards" "the status of an artifact only moves forward",
    ArtifactUploadConflict "artifacts.upload_conflict" "the upload isn't in a state in which this can be done with it",
    ThreadTagExists "threads.tag_exists" "the tenant has a tag of this name; case doesn't matter",
    ThreadTagUnknown "threads.tag_unknown" "the tenant has no such tag",
    SmartFilterUnknown "threads.filter_unknown" "the tenant has no such saved filter",
    ThreadsTooMany "threads.too_many" "the tenant has as many tags, or saved filters, as it may",
    WorkspaceUnavailable "workspace.unavailable" "the files of the session can't be brought to this node; the prompt may be sent again",
    ProjectSourceInvalid "project_source.required" "the project source is absent or malformed",
    ProjectSourceGitDisabled "project_source.git.disabled" "repositories are turned off as project sources",
    ProjectSourceUrlInvalid "project_source.git.invalid_url" "the address of the repository is malformed",
    ProjectSourceCredentials "project_source.git.raw_credentials" "the address of the repository holds a credential",
    ProjectSourceUrlComponents "project_source.git.url_components" "the address of the repository has a query or a fragment",
    ProjectSourceFileUrl "project_source.git.file_url_disabled" "repositories on the server's own disk are turned off",
    ProjectSourceScheme "project_source.git.scheme" "the address of the repository is not https",
    ProjectSourceHostDenied "project_source.git.host_denied" "the host of the repository is not on the allow-list",
    ProjectSourceRepositoryDenied "project_source.git.repo_denied" "the repository is not on the allow-list",
    ProjectSourceReference "project_source.git.ref" "the git reference is not a plain name",
    ProjectSourceSubdirectory "project_source.git.subdirectory" "the folder is absolute or leaves the repository",
    ProjectSourceCredentialReference "project_source.git.credential_ref" "the reference to the repository's credential is malformed or not allowed",
    ProjectSourceSnapshotDisabled "project_source.snapshot.disabled" "uploaded project snapshots are turned off",
    ProjectSourceSnapshotTooManyFiles "project_source.snapshot.too_many_files" "the project snapshot has more files than the profile allows",
    ProjectSourceSnapshotTooLarge "project_source.snapshot.too_large" "the project snapshot has more bytes than the profile allows",
    ProjectSourceSnapshotTenant "project_source.snapshot.tenant" "the project snapshot belongs to another tenant",
    ProjectSourceSnapshotPath "project_source.snapshot.path" "a file of the project snapshot has a path that leads out of it, or none",
    ProjectSourceSnapshotSecretPath "project_source.snapshot.secret_path" "a file of the project snapshot may hold secrets",
    ProjectSourceSnapshotGeneratedPath "project_source.snapshot.generated_path" "a file of the project snapshot is made by tools",
    ProjectSourceSnapshotInvalid "project_source.snapshot.invalid" "the upload of the project snapshot is malformed, or its counts don't match its files",
    ProjectSourceSnapshotUnknown "project_source.snapshot.unknown" "there is no such project snapshot any more; upload it again",
    ProjectSourceSnapshotDamaged "project_source.snapshot.damaged" "the project snapshot isn't what was stored; upload it again",
    ProjectSourceGitUnreachable "project_source.git.unreachable" "the host of the repository can't be reached, or broke off; the prompt may be sent again",
    ProjectSourceGitAddressDenied "project_source.git.address_denied" "the host of the repository leads to an address that is not allowed",
    ProjectSourceGitUnauthorized "project_source.git.unauthorized" "the host of the repository wants a credential, or refused the one that it got",
    ProjectSourceGitNotFound "project_source.git.not_found" "the repository, its reference or its folder doesn't exist",
    ProjectSourceGitTooLarge "project_source.git.too_large" "the checkout of the repository is larger than the profile allows",
    ProjectSourceGitTimeout "project_source.git.timeout" "the checkout of the repository took longer than the profile allows",
    ProjectSourceGitCredentialUnavailable "project_source.git.credential_unavailable" "the credential of the repository can't be read from its secret manager",
    ProjectSourceGitUnavailable "project_source.git.unavailable" "the node has no git that it can use",
    ProjectSourceDenied "project_source.denied" "the project source is not allowed",
    ByokProviderDisabled "byok.provider_disabled" "the deployment or the organisation's policy doesn't allow keys of this provider",
    ByokUnsupportedProvider "byok.unsupported_provider" "the deployment knows no such provider, so a key for it is never used",
    ByokValidationFailed "byok.validation_failed" "the provider refused the key, or could not be asked",
    ByokKeyExpired "byok.key_expired" "the provider or the key manager says that the key's time is over",
    ByokReferenceRefused "byok.reference_refused" "the deployment doesn't take this reference into a key manager",
    ByokKeyMissing "byok.key_missing" "the organisation has no active key for this provider",
    ByokKeyDisabled "byok.key_disabled" "the provider key was disabled, so what used it was stopped",
    ByokModelNotAllowed "byok.model_not_allowed" "the deployment or the organisation's policy doesn't allow this model of the provider",
    ByokKeysUnavailable "byok.keys_unavailable" "the provider keys can't be read at the moment",
    RuntimeProviderUnauthorized "runtime.provider_unauthorized" "the provider refused the key",
    RuntimeProviderRateLimited "runtime.provider_rate_limited" "the provider refused for too many requests, and kept doing so",
    RuntimeProviderError "runtime.provider_error" "the provider answered with an error",
    RuntimeProviderUnreachable "runtime.provider_unreachable" "the provider can't be reached",
    RuntimeProviderUntrusted "runtime.provider_untrusted" "the provider's certificate isn't one that is trusted here, so nothing was sent",
    RuntimeDeadlineExceeded "runtime.deadline_exceeded" "the turn took longer than it may",
    RuntimeAttemptsExhausted "runtime.attempts_exhausted" "the prompt was interrupted too often",
    RuntimeRoundsExhausted "runtime.rounds_exhausted" "the agent called tools in more rounds than it may",
    RuntimeFailed "runtime.failed" "the runtime failed",
    RuntimeOpencodeUnavailable "runtime.opencode_unavailable" "the OpenCode process that the turn needs could not be had",
    Aborted "aborted" "the prompt was stopped by its user",
}

impl Code {
    /// The code with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.as_str() == name);
        known.copied().ok_or_else(|| serde::de::Error::custom(format_args!("no code is called {name}")))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(Code::ALL.iter().position(|other| other.as_str() == code.as_str()), Some(index), "{code}");
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
    }
}
