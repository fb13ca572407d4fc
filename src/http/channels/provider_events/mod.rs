//! Events of chat systems, each taken once (contract 04 §7).

pub(super) mod claim;
pub(super) mod complete;
