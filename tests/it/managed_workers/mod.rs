//! Managed workers.

mod heartbeat;
mod life;
