//! Members as a directory sees and manages them (contract 02 §9). Every change is one transaction with its audit rows.

mod change;
mod departure;
mod user;

pub use change::{Deed, DirectoryError};
pub use user::DirectoryUser;
