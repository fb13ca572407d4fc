//! Planted secrets show up nowhere (invariant I6, architecture §6): in no answer, stream, log, report, row, file, or process
//! that could be looked at, and an agent that searches the machine finds none of them.

mod canary;
mod logs;
mod processes;
mod run;
