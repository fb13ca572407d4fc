//! What stands before every handler: dispatch, credentials, health, and what operators see.

mod auth_header;
mod codes;
mod config;
mod dispatch;
mod health;
mod openapi;
mod operations;
