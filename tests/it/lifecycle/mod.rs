//! Starting, stopping, and being killed.

mod kill;
mod start;
mod stop;
