//! SCIM 2.0.

mod deprovision;
mod directory;
mod groups;
mod users;
