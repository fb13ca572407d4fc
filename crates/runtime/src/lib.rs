//! Agents at work: the [`Runtime`] trait, the native runtime, and the demo model.
//!
//! A runtime is handed one turn (a prompt with its history) and reports what happens as a stream of
//! [`RuntimeEvent`](cowork_domain::runtime_event::RuntimeEvent)s. It never sees the log, and it never decides what its reports
//! become: the session does.

mod allowed_tools;
mod artifact;
pub mod broker;
pub mod checkout;
pub mod demo;
pub mod native;
pub mod opencode;
pub mod providers;
mod running;
mod turn;

pub use allowed_tools::AllowedTools;
pub use artifact::{ArtifactKeeper, NotKept, PublishedFile};
pub use cowork_domain::secret::Secret;
pub use native::{Coalesce, NativeError, NativeOptions, NativeRuntime, TurnLimits};
pub use running::{AnswerPort, Asks, RunningTurn};
pub use turn::{HistoryMessage, HistoryRole, Runtime, TurnRequest};
