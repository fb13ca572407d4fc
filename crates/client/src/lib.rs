//! Typed client of the HTTP and SSE interface of Open Cowork Cloud.
//!
//! [`Client`] is cheap to clone; all clones share one pool of keep-alive connections, and
//! [`Client::with_credentials`] lets many users share it too. Calls are methods named after what they
//! ask for; what no client of ours looks into stays [`serde_json::Value`]. Event streams are
//! [`EventStream`] (one connection) and [`ReconnectingEvents`] (resumes by cursor until it must not).
//!
//! ```no_run
//! # async fn example() -> Result<(), cowork_client::ClientError> {
//! use cowork_client::{Client, ClientOptions, Credentials, NewSession};
//!
//! let client = Client::new(ClientOptions::new("http://127.0.0.1:8787", Credentials::None))?;
//! let session = client.create_session(&NewSession::default()).await?.session.session_id;
//! let mut events = client.session_events(session, cowork_domain::ids::Sequence::ZERO).await?;
//! client.prompt(session, "hello", None).await?;
//! while let Some(event) = events.next_event().await {
//!     println!("{}", event?.event());
//! }
//! # Ok(())
//! # }
//! ```

mod calls;
mod client;
mod credentials;
mod error;
mod options;
mod query;
mod response;
mod sse;

pub use calls::{
    channels::{ClaimedDelivery, DeliveryClaim, DeliveryOutcome, NewDelivery},
    cluster::{ClusterNode, ClusterReport, NodeLink, NodeState, ShardMove, ShardTotals},
    health::{Health, Readiness, ReadinessCheck},
    identity::{AuthMe, DeploymentConfig, Workspace},
    operations::{ProjectionRepair, ProjectionStatus, QuarantineLift},
    prompting::{CommandReceipt, CommandRecord, ProjectionFence},
    sessions::{NewSession, ProjectionRecord, SessionDetail, SessionEnvelope, SessionFilter, SessionPage, SessionRecord},
    tokens::{ApiTokenRecord, CreatedApiToken, NewApiToken},
};
pub use client::Client;
pub use credentials::{Credentials, InvalidCredentials, SignedHeaders};
pub use error::{ClientError, Refusal};
pub use options::{ClientOptions, InvalidBaseUrl, Timeouts};
pub use sse::{EventStream, ReconnectingEvents, ServerEvent, SseParser};
