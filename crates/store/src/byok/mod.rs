//! Provider keys that organisations bring: sealed records, organisations' data keys, and what nodes are told of changes.
//!
//! Nothing here can open a key: rows go in sealed and come out sealed.

mod changes;
mod check;
mod locked;
mod order;
mod org_key;
mod read;
mod row;
mod save;

pub(crate) use changes::record_byok_change;
pub use changes::{ByokChange, ByokSignals};
pub use check::BegunCheck;
pub use order::Overridden;
pub use org_key::OrgDataKey;
pub use row::{ByokKey, ByokRow};
pub use save::{ByokSave, NewByokSecret};
