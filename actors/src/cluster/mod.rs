//! Who owns what, and how this node knows: leases in PostgreSQL, fenced by incarnation and epoch
//! (architecture §5).
//!
//! [`OwnershipWatch`] is the answer that everybody else reads: `Some` while this node may act as an
//! owner, `None` from the moment on at which it must not. It is a hint that keeps a node honest and
//! quick; the fence inside the journal's transaction is what makes it safe.

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "links are started when the membership asks for them"))]
pub(crate) mod link;
mod membership;
mod ownership;

pub use link::{LinkOptions, LinkSecret, LinkTls};
pub(crate) use membership::{Membership, MembershipMsg, MembershipOptions};
pub(crate) use ownership::{Ownership, OwnershipWatch};
