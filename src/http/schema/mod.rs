//! The shapes of requests and answers, as the description of the API shows them.
//!
//! Most answers are serialised where their state lives, by types of the domain that know nothing of
//! OpenAPI; these are their descriptions, and clients' types are generated from them. They are never
//! constructed.
#![expect(dead_code, reason = "these types describe; nothing constructs them")]

mod audit;
mod channel;
mod channel_inbox;
mod cluster;
mod command;
mod delivery;
mod error;
mod event;
mod identity;
mod managed_worker;
mod member;
mod policy;
mod projection;
mod runtime;
mod scim;
mod session;
mod settings;
mod sso;
mod threads;
mod usage;
mod workspace;

pub(super) use audit::{AuditExport, AuditPage};
pub(super) use channel::{ChannelBindingSchema, ChannelIdentitySchema, ChannelProviderSchema, ChannelSessionSchema, HeadlessAgentSchema};
pub(super) use channel_inbox::{InboxMessageSchema, InteractionSchema, ProviderEventSchema, ResolvedInteractionSchema};
pub(super) use cluster::{ClusterReport, Supervision};
pub(super) use command::{CommandEnvelope, PermissionRequest, PromptRequest, QuestionRejectRequest, QuestionReplyRequest};
pub(super) use delivery::{
    AckDeliveryRequest, ChannelDeliveryEnvelope, ChannelDeliveryList, ChannelLeaseEnvelope, ChannelLeaseTaken, ClaimDeliveriesRequest,
    ClaimedDeliveries, CreateDeliveryRequest, DeadLetterDeliveriesRequest, DeadLetteredDeliveries, DeliveryBacklogs, HoldLeaseRequest,
    NameDeliveryRequest, RenewDeliveryRequest,
};
pub(super) use error::ErrorBody;
pub(super) use event::{SessionEventRecord, WorkspaceEventRecord};
pub(super) use identity::{DesktopAuthConfig, Me};
pub(super) use managed_worker::{WorkerBeatSchema, WorkerCredentialSchema, WorkerPoolSchema, WorkerSchema};
pub(super) use member::{
    AcceptInviteAnswer, AcceptInviteRequest, AccessAnswer, AssignRoleRequest, CreateRoleRequest, CustomRoleAnswer, CustomRoleList,
    InviteAnswer, InviteRequest, MemberAnswer, MemberList, PermissionCatalog, PolicyOverviewAnswer, UpdateMemberRequest, UpdateRoleRequest,
};
pub(super) use policy::{ManagedPolicyRecord, ManagedPolicyRequest, ManagedPolicyView};
pub(super) use runtime::{Diagnostics, NodeHeartbeats, RuntimeStatus};
pub(super) use scim::{ScimErrorBody, ScimGroupBody, ScimUserBody};
pub(super) use session::{CloudSessionView, CreateSessionRequest, ImportSessionRequest, SessionList, SessionWithView};
pub(super) use settings::{SettingRecord, SettingRequest};
pub(super) use sso::SsoRequest;
pub(super) use threads::{
    SmartFilterEnvelope, SmartFilterList, SmartFilterRequest, TaggedSessionsRequest, ThreadList, ThreadTagEnvelope, ThreadTagList,
    ThreadTagRequest,
};
pub(super) use usage::{UsageEventList, UsageSummarySchema};
pub(super) use workspace::{CloudConfig, Livez, Progress, Workspace};
