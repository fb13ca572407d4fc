//! Provider keys where store, sealing and runtimes meet: what may be sealed here, and, in roles that execute, what may be opened.

mod sealing;

pub use sealing::Sealing;
