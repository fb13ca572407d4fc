//! Model providers: who they are, how one speaks to them, and which of them answers a prompt.
//!
//! The table is data. It is the only source of addresses that a customer's key may travel to, so nothing that a customer or a
//! model writes ever adds to it: its entries are built in or come from the operator's configuration.

mod address;
mod builtin;
mod choice;
mod configured;
mod entry;
mod id;
mod price;
mod protocol;
mod reach;
mod table;

pub use address::{BaseUrl, BaseUrlError};
pub use choice::{Choice, ChoiceError, Chosen, choose};
pub use configured::{ConfiguredProvider, ProviderKind};
pub use entry::{KeyPlacement, ModelList, ProviderEntry, Validation};
pub use id::{ProviderId, ProviderIdError};
pub use price::{Price, Prices};
pub use protocol::Protocol;
pub use reach::Reach;
pub use table::{ProviderTable, TableError};
