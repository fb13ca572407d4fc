//! Who owns what, and how this node knows: leases in PostgreSQL, fenced by incarnation and epoch
//! (architecture §5); and the way to those who own the rest (§6).
//!
//! [`OwnershipWatch`] says for what this node may act as an owner: `None` from the moment on at which
//! it must not act at all. It is a hint that keeps a node honest and quick; the fence inside the
//! journal's transaction is what makes it safe. [`PictureWatch`] says where everything else is.

mod heartbeat;
pub(crate) mod link;
mod membership;
mod ownership;
mod remote;
mod report;
pub(crate) mod request;
mod view;
mod whereabouts;

pub use heartbeat::Heartbeat;
pub use link::{LinkOptions, LinkSecret, LinkTls};
pub(crate) use membership::{Membership, MembershipArguments, MembershipMsg, MembershipOptions};
pub(crate) use ownership::{Ownership, OwnershipWatch};
pub(crate) use remote::Remote;
pub use report::ClusterReport;
pub(crate) use view::{Picture, PictureWatch};
pub(crate) use whereabouts::{Place, Whereabouts};
