//! The actions of the matrix and their rules, row by row as the contract has them.

use super::{Authority, Feature, FeatureNeed, Permission, Scope};
use crate::principal::Role;

/// Which people may do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HumanRule {
    /// Nobody.
    Denied,
    /// Every member.
    AnyMember,
    /// Owners and admins; with a custom role, whoever has one of these permissions.
    OwnerOrAdmin(&'static [Permission]),
    /// Whoever has one of these permissions.
    Permitted(&'static [Permission]),
}

impl HumanRule {
    /// Whether a member may. A custom role replaces the built-in one: then only permissions decide (contract 00 §4).
    pub fn admits(self, member: &Authority) -> bool {
        let is_permitted = |listed: &[Permission]| listed.iter().any(|permission| member.permissions.contains(*permission));
        match self {
            Self::Denied => false,
            Self::AnyMember => true,
            Self::OwnerOrAdmin(_) if member.custom_role.is_none() => member.role != Role::Member,
            Self::OwnerOrAdmin(listed) | Self::Permitted(listed) => is_permitted(listed),
        }
    }
}

/// One row of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What the profile must offer.
    pub features: FeatureNeed,
    /// Which people may.
    pub human: HumanRule,
    /// A token needs one of these.
    pub scopes: &'static [Scope],
    /// The local principal may although people may not.
    pub local: bool,
    /// A token's issuer must be owner or admin, too.
    pub org_admin_service: bool,
    /// A gateway token needs a grant for the channel binding.
    pub bound: bool,
}

macro_rules! actions {
    ($($variant:ident $name:literal,)*) => {
        /// What a request to `/api` is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is described by its name")]
        pub enum Action { $($variant,)* }

        impl Action {
            /// All actions, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as the contract has it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    WorkspaceRead "workspace.read",
    WorkspaceEvents "workspace.events",
    SessionsImport "sessions.import",
    SessionsList "sessions.list",
    SessionsCreate "sessions.create",
    SessionsGet "sessions.get",
    SessionsActivate "sessions.activate",
    SessionsView "sessions.view",
    SessionsEvents "sessions.events",
    SessionsPrompt "sessions.prompt",
    SessionsAbort "sessions.abort",
    SessionsQuestionReply "sessions.questionReply",
    SessionsQuestionReject "sessions.questionReject",
    SessionsPermissionRespond "sessions.permissionRespond",
    ProjectSourcesValidate "projectSources.validate",
    ProjectSourcesUpload "projectSources.upload",
    LaunchpadRead "launchpad.read",
    SessionsProjectionRead "sessions.projectionRead",
    SessionsProjectionRepair "sessions.projectionRepair",
    ArtifactsIndex "artifacts.index",
    ArtifactsList "artifacts.list",
    ArtifactsUpload "artifacts.upload",
    ArtifactsFinalize "artifacts.finalize",
    ArtifactsAbort "artifacts.abort",
    ArtifactsUpdate "artifacts.update",
    ArtifactsRead "artifacts.read",
    WorkflowsList "workflows.list",
    WorkflowsCreate "workflows.create",
    WorkflowsGet "workflows.get",
    WorkflowsRun "workflows.run",
    WorkflowsPause "workflows.pause",
    WorkflowsResume "workflows.resume",
    WorkflowsArchive "workflows.archive",
    WorkflowsCreateWebhook "workflows.createWebhook",
    WorkflowsRotateWebhookSecret "workflows.rotateWebhookSecret",
    WorkflowsSchedulerTick "workflows.schedulerTick",
    ChannelsDirectoryRead "channels.directory.read",
    ChannelsManageRead "channels.manage.read",
    ChannelsManageWrite "channels.manage.write",
    ChannelsServiceIdentity "channels.service.identity",
    ChannelsDeliveriesRead "channels.deliveries.read",
    ChannelsDeliveriesWrite "channels.deliveries.write",
    ChannelsServiceSession "channels.service.session",
    ChannelsServiceCursor "channels.service.cursor",
    ChannelsServiceInteraction "channels.service.interaction",
    ChannelsServiceProviderEvent "channels.service.providerEvent",
    ChannelsServiceDelivery "channels.service.delivery",
    ChannelsServiceArtifact "channels.service.artifact",
    SettingsRead "settings.read",
    SettingsWrite "settings.write",
    ThreadsRead "threads.read",
    ThreadsWrite "threads.write",
    CoordinationRead "coordination.read",
    CoordinationWrite "coordination.write",
    CoordinationWatchesRead "coordination.watches.read",
    CoordinationWatchesWrite "coordination.watches.write",
    KnowledgeRead "knowledge.read",
    KnowledgePropose "knowledge.propose",
    KnowledgeAdminWrite "knowledge.adminWrite",
    BillingRead "billing.read",
    BillingWrite "billing.write",
    UsageRead "usage.read",
    ByokRead "byok.read",
    ByokWrite "byok.write",
    CapabilitiesRead "capabilities.read",
    PolicyEffectiveRead "policy.effectiveRead",
    PolicyRead "policy.read",
    PolicyWrite "policy.write",
    ApiTokensRead "apiTokens.read",
    ApiTokensWrite "apiTokens.write",
    AdminRead "admin.read",
    AdminAuditRead "admin.audit.read",
    AdminRolesRead "admin.roles.read",
    AdminRolesWrite "admin.roles.write",
    AdminMembersRead "admin.members.read",
    AdminMembersWrite "admin.members.write",
    AdminSsoRead "admin.sso.read",
    AdminSsoWrite "admin.sso.write",
    AdminWorkersRead "admin.workers.read",
    AdminWorkersWrite "admin.workers.write",
    OperatorMetricsRead "operator.metricsRead",
    OperatorDiagnosticsRead "operator.diagnosticsRead",
    OperatorRuntimeRead "operator.runtimeRead",
    WorkerHeartbeat "worker.heartbeat",
}

impl Action {
    /// The action with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }

    /// Whether it answers a permission or a question of an agent, to which the policy of remote approvals applies (contract 01 §2).
    pub const fn answers_from_afar(self) -> bool {
        matches!(self, Self::SessionsPermissionRespond | Self::SessionsQuestionReply | Self::SessionsQuestionReject)
    }

    /// Its row of the matrix.
    #[expect(clippy::too_many_lines, reason = "it is one table, read from top to bottom")]
    pub const fn rule(self) -> Rule {
        use HumanRule::{AnyMember, Denied, OwnerOrAdmin, Permitted};
        match self {
            Self::WorkspaceRead | Self::CoordinationRead | Self::CoordinationWrite | Self::BillingRead => {
                rule(FeatureNeed::All(&[]), AnyMember, &[Scope::Desktop])
            }
            Self::WorkspaceEvents
            | Self::SessionsImport
            | Self::SessionsList
            | Self::SessionsCreate
            | Self::SessionsGet
            | Self::SessionsActivate
            | Self::SessionsView
            | Self::SessionsEvents
            | Self::SessionsPrompt
            | Self::SessionsAbort
            | Self::SessionsQuestionReply
            | Self::SessionsQuestionReject
            | Self::SessionsPermissionRespond
            | Self::ProjectSourcesValidate
            | Self::ProjectSourcesUpload
            | Self::LaunchpadRead => rule(FeatureNeed::All(&[Feature::Chat]), AnyMember, &[Scope::Desktop]),
            Self::SessionsProjectionRead | Self::SessionsProjectionRepair => {
                rule(FeatureNeed::All(&[]), Denied, &[Scope::Operator, Scope::WorkerInternal]).for_local().by_org_admin()
            }
            Self::ArtifactsIndex
            | Self::ArtifactsList
            | Self::ArtifactsUpload
            | Self::ArtifactsFinalize
            | Self::ArtifactsAbort
            | Self::ArtifactsUpdate
            | Self::ArtifactsRead => rule(FeatureNeed::All(&[Feature::Artifacts]), AnyMember, &[Scope::Desktop]),
            Self::WorkflowsList
            | Self::WorkflowsCreate
            | Self::WorkflowsGet
            | Self::WorkflowsRun
            | Self::WorkflowsPause
            | Self::WorkflowsResume
            | Self::WorkflowsArchive => rule(FeatureNeed::All(&[Feature::Workflows]), AnyMember, &[Scope::Desktop]),
            Self::WorkflowsCreateWebhook | Self::WorkflowsRotateWebhookSecret => {
                rule(FeatureNeed::All(&[Feature::Workflows, Feature::Webhooks]), AnyMember, &[Scope::Desktop])
            }
            Self::WorkflowsSchedulerTick => rule(FeatureNeed::All(&[Feature::Workflows]), Denied, &[Scope::WorkerInternal]),
            Self::ChannelsDirectoryRead | Self::ChannelsManageRead | Self::ChannelsManageWrite => {
                rule(FeatureNeed::All(&[Feature::Channels]), OwnerOrAdmin(&[Permission::OrgManage]), &[Scope::Desktop, Scope::Admin])
                    .by_org_admin()
            }
            Self::ChannelsServiceIdentity | Self::ChannelsDeliveriesRead | Self::ChannelsDeliveriesWrite => {
                rule(FeatureNeed::All(&[Feature::Channels]), OwnerOrAdmin(&[Permission::OrgManage]), &[Scope::Gateway, Scope::Admin])
                    .by_org_admin()
                    .bound()
            }
            Self::ChannelsServiceSession
            | Self::ChannelsServiceCursor
            | Self::ChannelsServiceInteraction
            | Self::ChannelsServiceProviderEvent
            | Self::ChannelsServiceDelivery => {
                rule(FeatureNeed::All(&[Feature::Channels]), Denied, &[Scope::Gateway]).for_local().by_org_admin().bound()
            }
            Self::ChannelsServiceArtifact => rule(FeatureNeed::All(&[Feature::Channels, Feature::Artifacts]), Denied, &[Scope::Gateway])
                .for_local()
                .by_org_admin()
                .bound(),
            Self::SettingsRead | Self::SettingsWrite => rule(FeatureNeed::All(&[Feature::Settings]), AnyMember, &[Scope::Desktop]),
            Self::ThreadsRead | Self::ThreadsWrite => rule(FeatureNeed::All(&[Feature::ThreadIndex]), AnyMember, &[Scope::Desktop]),
            Self::CoordinationWatchesRead | Self::CoordinationWatchesWrite => {
                rule(FeatureNeed::All(&[Feature::Channels]), AnyMember, &[Scope::Desktop])
            }
            Self::KnowledgeRead | Self::KnowledgePropose => rule(FeatureNeed::All(&[Feature::Knowledge]), AnyMember, &[Scope::Desktop]),
            Self::KnowledgeAdminWrite => {
                rule(FeatureNeed::All(&[Feature::Knowledge]), OwnerOrAdmin(&[Permission::OrgManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::BillingWrite => rule(FeatureNeed::All(&[]), OwnerOrAdmin(&[Permission::BillingManage]), &[Scope::Admin]),
            Self::UsageRead => rule(
                FeatureNeed::All(&[]),
                Permitted(&[Permission::OperationsView, Permission::BillingManage]),
                &[Scope::Admin, Scope::Operator],
            )
            .by_org_admin(),
            Self::ByokRead | Self::ByokWrite => {
                rule(FeatureNeed::All(&[Feature::Byok]), Permitted(&[Permission::PolicyManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::CapabilitiesRead => rule(FeatureNeed::Capabilities, AnyMember, &[Scope::Desktop]),
            Self::PolicyEffectiveRead | Self::AdminRead => rule(FeatureNeed::All(&[]), AnyMember, &[Scope::Desktop, Scope::Admin]),
            Self::PolicyRead | Self::PolicyWrite => {
                rule(FeatureNeed::All(&[]), Permitted(&[Permission::PolicyManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::ApiTokensRead => rule(FeatureNeed::All(&[]), OwnerOrAdmin(&[Permission::ApiTokensRead]), &[Scope::Admin]).by_org_admin(),
            Self::ApiTokensWrite => {
                rule(FeatureNeed::All(&[]), OwnerOrAdmin(&[Permission::ApiTokensManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::AdminAuditRead => rule(FeatureNeed::All(&[]), Permitted(&[Permission::AuditRead]), &[Scope::Admin]).by_org_admin(),
            Self::AdminRolesRead | Self::AdminRolesWrite => {
                rule(FeatureNeed::All(&[]), Permitted(&[Permission::RolesManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::AdminMembersRead => rule(
                FeatureNeed::All(&[]),
                Permitted(&[Permission::MembersRead, Permission::OrgManage, Permission::MembersManage]),
                &[Scope::Admin],
            )
            .by_org_admin(),
            Self::AdminMembersWrite => {
                rule(FeatureNeed::All(&[]), Permitted(&[Permission::OrgManage, Permission::MembersManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::AdminSsoRead | Self::AdminSsoWrite => {
                rule(FeatureNeed::All(&[]), Permitted(&[Permission::SsoManage]), &[Scope::Admin]).by_org_admin()
            }
            Self::AdminWorkersRead | Self::AdminWorkersWrite => {
                rule(FeatureNeed::All(&[]), OwnerOrAdmin(&[Permission::OrgManage]), &[Scope::Admin, Scope::Operator]).by_org_admin()
            }
            Self::OperatorMetricsRead | Self::OperatorDiagnosticsRead => {
                rule(FeatureNeed::All(&[]), Denied, &[Scope::Operator]).for_local().by_org_admin()
            }
            Self::OperatorRuntimeRead => rule(FeatureNeed::All(&[]), Denied, &[Scope::Operator, Scope::WorkerInternal]).for_local(),
            Self::WorkerHeartbeat => rule(FeatureNeed::All(&[]), Denied, &[]),
        }
    }
}

const fn rule(features: FeatureNeed, human: HumanRule, scopes: &'static [Scope]) -> Rule {
    Rule { features, human, scopes, local: false, org_admin_service: false, bound: false }
}

impl Rule {
    const fn for_local(mut self) -> Self {
        self.local = true;
        self
    }

    const fn by_org_admin(mut self) -> Self {
        self.org_admin_service = true;
        self
    }

    const fn bound(mut self) -> Self {
        self.bound = true;
        self
    }
}
