//! Managed policies.

mod change;
