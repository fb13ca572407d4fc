//! What keeps customers' keys: sealing them on the way in, opening them in a worker, and the services
//! that guard the opening key.
//!
//! Two keys, two powers. A [`Sealer`](sealing::Sealer) holds public keys: whoever has it can store a
//! key and never read one. An [`Opener`](sealing::Opener) holds the private keys and exists in workers only.

pub mod sealing;
pub mod service;
