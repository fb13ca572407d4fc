//! Settings.

mod keep;
