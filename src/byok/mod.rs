//! Provider keys where store, keyring and runtimes meet: what is stored is opened here, for one purpose at a time, and nowhere
//! else.
//!
//! A key is handed out only while its organisation works, the deployment and the organisation's policy allow its provider,
//! somebody vouched for it, and it opens as what it was sealed as; each time leaves a row in the audit log.

mod budgets;
mod changes;
mod checker;
mod key_source;
mod opening;
mod references;
mod shelf;

pub use budgets::DayBudgets;
pub use checker::ProbingChecker;
pub use key_source::BrokerKeys;
pub use opening::{KeyOpener, NotOpened};
pub use references::References;
pub use shelf::KeyShelf;
