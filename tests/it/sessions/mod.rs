//! Sessions: create, prompt, answer, abort, list, import.

mod answers;
mod create;
mod directives;
mod idempotency;
mod import;
mod limits;
mod list;
mod prompt;
