//! The actor system of Open Cowork Cloud: who is alive, who owns what, and how a command becomes
//! durable events that every subscriber sees in one order.
//!
//! This crate is the only importer of ractor. Its door is [`NodeHandle`]; rules live in
//! `cowork-domain`, rows in `cowork-store`, agents in `cowork-runtime`.

mod binding;
mod byok;
mod clock;
mod cluster;
pub mod feed;
mod heavy;
mod invariants;
mod journal;
mod node;
mod org;
mod session;
mod supervise;
#[cfg(test)]
mod tests;
mod turn;
mod workspace;

pub use binding::{ChannelRetention, Look as DeliveryLook};
pub use byok::{KeyCheckOptions, KeyChecker};
pub use clock::Clock;
pub use cluster::{ClusterReport, Heartbeat, LinkOptions, LinkSecret, LinkTls};
pub use feed::{CutReason, CutSwitch, FeedOptions, Subscription};
pub use heavy::HeavyWork;
pub use node::{
    BillingRules, ClaimError, ClusterSupervision, CreateSession, NodeHandle, NodeOptions, NodeRole, ProjectionRepair, ProjectionStatus,
    Readiness, StartError, TakenDeliveries,
};
pub use org::AuditRetention;
pub use session::{SessionError, Submitted, ViewShape};
pub use supervise::{ActorKind, EntityKey, LiftOutcome, SupervisionReport};
pub use workspace::{NotFetched, ProjectFetcher, ProjectGround, WorkspaceOptions};
