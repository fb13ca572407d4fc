//! PostgreSQL: the log, snapshots, leases, and the private server.
//!
//! The database is the only truth (architecture §10), and this crate is the only place with SQL.
//! [`Store`] is the handle that everything goes through; [`LaneConnection`] is the only writer of
//! the log; [`PrivatePostgres`] brings a server along when nobody provides one.
//!
//! Queries are checked against a database when the crate is built with `DATABASE_URL` set, and
//! against the recorded answers in `.sqlx` otherwise.

mod audit;
mod billing;
mod byok;
mod channel;
mod column;
mod directory;
mod error;
mod front;
mod identity;
mod journal;
mod limits;
mod mail;
mod managed_policy;
mod managed_worker;
mod membership;
mod migration;
mod objects;
mod private_postgres;
mod session;
mod settings;
mod signals;
mod spares;
mod sso;
mod store;
pub mod test_database;
mod thread;
mod warm_up;

pub use audit::{AuditFilter, AuditPlace, AuditSealed, UnsealedAudit};
pub use billing::{BillingEvent, BillingNews};
pub use byok::{
    BegunCheck, ByokChange, ByokKey, ByokRow, ByokSave, ByokSignals, DaySpending, NewByokSecret, OrgDataKey, Overridden, OwnedDataKey,
    SealedSecret, Shredded, UnderKey,
};
pub use channel::{
    AcceptedMessage, AgentCreated, Backlog, BindingBacklog, BindingCount, BindingCreated, BindingQuotaExceeded, BoundThread, CursorMove,
    DeliveryFilter, DeliveryOperation, DeliveryPlace, GrantedSession, IdentityFilter, InteractionCommand, KeptInteraction, LeaseAnswer,
    OpenDeliveries, SettleError, UnknownAccount,
};
pub use directory::{Deed, DirectoryError, DirectoryUser};
pub use error::StoreError;
pub use front::{Consumed, IdempotencyClaim};
pub use identity::{
    AcceptError, ApiTokenRow, BrowserSessionRow, CredentialState, CustomRoleError, Grant, Invited, Joined, Key, Mandate, MemberError,
    Membership, NewApiToken, NewBrowserSession, NotIssued, OrgOrderError, OrgRow, OrgStatus, Revocation, RevocationSignals, Revoked,
    Standing, StoredCredential,
};
pub use journal::{Append, AppendError, BatchOutcome, HeadUpdate, LaneConnection, Refusal, Rejection, StoredEvent};
pub use limits::{AuthBlock, AuthFailures, Counted, PermitLease};
pub use mail::Mail;
pub use managed_policy::ManagedPolicyRow;
pub use managed_worker::{CredentialChange, Heard, Moved, NewCredential, Registration, ShownCredential};
pub use membership::{
    ClusterView, FenceViolation, LivenessLock, NameInUse, NodeHeartbeat, NodeRegistration, NodeRow, Registered, Renewal, ShardMove,
    ShardRow,
};
pub use migration::{MigrationReport, MigrationStatus};
pub use objects::{
    ArtifactClaim, ArtifactFilter, ArtifactObject, ArtifactPage, ArtifactState, CheckpointVersion, DayQuota, IndexedArtifact,
    NewArtifactObject, NewProjectSnapshot, ProjectSnapshot, Reservation, SavedCheckpoint, WorkspaceCheckpoint,
};
pub use private_postgres::{InstalledPostgres, PrivatePostgres, PrivatePostgresError, PrivatePostgresOptions};
pub use session::{
    BusySession, LoadedSession, LogBounds, OrgCounts, SessionFilter, SessionHead, SessionPage, StoredSnapshot, StoredWorkspaceEvent,
};
pub use settings::SettingRow;
pub use signals::{ClusterSignals, Signal};
pub use sso::{Directory, SsoRow};
pub use store::{Store, StoreOptions};
pub use thread::ThreadRefused;
