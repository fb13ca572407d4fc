//! The files of sessions, which follow their session from node to node.
//!
//! A session's folder is packed to the object store at the end of each turn that changed it, and brought back before a turn on
//! a node where it is missing or older (architecture §8). Which checkpoint is the newest is decided in the database, by the epoch
//! of its writer's ownership first: what an owner that was replaced writes late never wins. Sessions without a folder cost one
//! look at the disk per turn.
//!
//! A session that works on a project begins with the project's files: they are fetched before its first turn, and again by a later
//! owner as long as no checkpoint holds them. From the first checkpoint on, that is the truth.

mod local;
mod project;
mod turn_files;
mod workspaces;

pub use project::{NotFetched, ProjectFetcher, ProjectGround};
pub(crate) use turn_files::TurnFiles;
pub use workspaces::WorkspaceOptions;
pub(crate) use workspaces::{RestoreError, Workspaces};
