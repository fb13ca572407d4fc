//! Turns on the real OpenCode.

mod house;
mod isolation;
mod program;
mod protocols;
mod trouble;
mod turns;
