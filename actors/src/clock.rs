//! The one home of time and randomness. Everything below takes them as arguments.

use cowork_domain::{
    ids::{BrowserSessionId, CommandId, SecretId, SessionId},
    timestamp::Timestamp,
};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Reads the machine's clock and mints identifiers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// The wall clock, in milliseconds. Leases never use it: their clock is the database's.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// The monotonic clock.
    pub fn instant(self) -> Instant {
        Instant::now()
    }

    /// A new session id. Version 7: neighbours in time are neighbours in the index.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_session_id(self) -> SessionId {
        SessionId::from_uuid(Uuid::now_v7())
    }

    /// A new id of a provider key's record.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_secret_id(self) -> SecretId {
        SecretId::from_uuid(Uuid::now_v7())
    }

    /// A new command id.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_command_id(self) -> CommandId {
        CommandId::from_uuid(Uuid::now_v7())
    }

    /// A new id of a letter between nodes.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_mail_id(self) -> Uuid {
        Uuid::now_v7()
    }

    /// Tells one life of a node from the next, wherever the name is the same.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_process_id(self) -> Uuid {
        Uuid::new_v4()
    }

    /// A new id of a browser session.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_browser_session_id(self) -> BrowserSessionId {
        BrowserSessionId::from_uuid(Uuid::now_v7())
    }

    /// A new id of an artifact.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_artifact_id(self) -> Uuid {
        Uuid::new_v4()
    }

    /// A new id of a tag or a saved filter.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_index_id(self) -> Uuid {
        Uuid::new_v4()
    }

    /// A new id of something of a channel.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_channel_id(self) -> String {
        Uuid::new_v4().to_string()
    }

    /// A new id of a claim of deliveries, or of a stream that claims.
    #[expect(clippy::disallowed_methods, reason = "the one place that mints identifiers")]
    pub fn mint_claim_id(self) -> Uuid {
        Uuid::new_v4()
    }

    /// Bytes that nobody can guess.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws random numbers")]
    pub fn random_bytes<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
        bytes
    }

    /// A number that is used once, in hexadecimal digits.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws random numbers")]
    pub fn nonce(self) -> String {
        format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
    }

    /// Between half of `span` and all of it, so that what failed together doesn't return together.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws random numbers")]
    pub fn jitter(self, span: Duration) -> Duration {
        span.mul_f64(rand::random_range(0.5..1.0))
    }
}
