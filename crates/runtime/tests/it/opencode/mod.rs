//! Turns on the real OpenCode.

mod house;
mod isolation;
mod program;
mod trouble;
mod turns;
