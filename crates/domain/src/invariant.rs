//! What must always hold (architecture §11): asserted in tests, counted in production.

use std::fmt;

macro_rules! invariants {
    ($($id:ident $text:literal,)*) => {
        /// The name of an invariant; also the label of its counter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum InvariantId {
            $(#[doc = $text] $id,)*
        }

        impl InvariantId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// `I1` to `I11`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }

            /// What must hold.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$id => $text,)* }
            }
        }
    };
}

invariants! {
    I1 "sequences of a session are dense from 1 and never rewritten",
    I2 "what was acknowledged is in the log after any crash",
    I3 "at most one epoch writes a session at a time",
    I4 "every subscriber sees a contiguous run from its cursor",
    I5 "the same idempotency key has one effect",
    I6 "no provider key leaves the worker's broker",
    I7 "after a revocation no byte is sent later than the target, and no request is accepted",
    I8 "a delivery ends sent or dead, and an inbound event has one effect",
    I9 "one organisation never reads another's data",
    I10 "counted quotas are never exceeded",
    I11 "an entity in trouble never takes its siblings down",
}

impl fmt::Display for InvariantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Reports a violated invariant to `on_violation` (a function of the [`InvariantId`], normally one that
/// counts and logs) and, in debug builds, panics.
#[macro_export]
macro_rules! invariant {
    ($holds:expr, $id:expr, $on_violation:expr) => {
        if !$holds {
            let id: $crate::invariant::InvariantId = $id;
            $on_violation(id);
            debug_assert!(false, "{id} is violated: {}", id.description());
        }
    };
}
