//! Provider keys that organisations bring: sealed records, organisations' data keys, what nodes are told of changes, and the
//! renewal of what the deployment's key seals.
//!
//! Nothing here can open a key: rows go in sealed and come out sealed.

mod changes;
mod check;
mod locked;
mod order;
mod org_key;
mod published_key;
mod read;
mod rewrap;
mod row;
mod save;
mod shred;
mod spending;

pub(crate) use changes::record_byok_change;
pub use changes::{ByokChange, ByokSignals};
pub use check::BegunCheck;
pub use order::Overridden;
pub use org_key::OrgDataKey;
pub use rewrap::{OwnedDataKey, SealedSecret, UnderKey};
pub use row::{ByokKey, ByokRow};
pub use save::{ByokSave, NewByokSecret};
pub use shred::Shredded;
pub use spending::DaySpending;
