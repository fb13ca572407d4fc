//! The audit log (contract 02 §10).

mod export;
mod list;
mod retention;
mod verify;
