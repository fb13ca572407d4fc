//! A server whose turns are executed by the real OpenCode.

#[path = "../../../crates/runtime/tests/it/opencode/program.rs"]
mod program;
mod turn;
mod unavailable;
mod unprivileged;
