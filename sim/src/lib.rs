//! Placeholder.

pub mod ownership;
