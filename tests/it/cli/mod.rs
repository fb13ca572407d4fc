//! The command line: what it prints, where, and with which exit code.

mod help;
mod migrate;
mod output;
