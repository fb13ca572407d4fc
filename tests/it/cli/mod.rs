//! The command line: what it prints, where, and with which exit code.

mod drill;
mod help;
mod load;
mod migrate;
mod output;
