//! How a payment provider proves that a webhook is its own: `t=<unix seconds>,v1=<hex>`, an HMAC-SHA256 over the time and the
//! body as it came.

use cowork_domain::{secret::Secret, timestamp::Timestamp};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;

/// A signature that is older, or further ahead, may be a copy.
const TOLERANCE_MS: u64 = 5 * 60 * 1000;
/// While a secret is exchanged there are two; more only cost time.
const MOST_SIGNATURES: usize = 8;

/// What the provider and we know.
#[derive(Clone)]
pub struct WebhookSecret(Arc<Secret<String>>);

impl WebhookSecret {
    /// Takes the configured text into custody.
    pub fn new(text: &str) -> Self {
        Self(Arc::new(Secret::new(text.to_owned())))
    }

    /// Whether a header signs this body, about now.
    pub fn verifies(&self, header: &str, body: &[u8], now: Timestamp) -> bool {
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let mut times = parts().filter(|(name, _)| *name == "t").map(|(_, value)| value);
        // With two of them it would not be clear which one is signed.
        let (Some(time), None) = (times.next(), times.next()) else { return false };
        let is_recent = time.parse::<i64>().is_ok_and(|seconds| seconds.saturating_mul(1000).abs_diff(now.as_millis()) <= TOLERANCE_MS);
        if !is_recent {
            return false;
        }
        let expected = self.sign(time, body);
        let signatures = parts().filter(|(name, _)| *name == "v1").take(MOST_SIGNATURES);
        // All of them are compared, whichever fits.
        signatures.fold(false, |fits, (_, signature)| fits | bool::from(signature.as_bytes().ct_eq(expected.as_bytes())))
    }

    fn sign(&self, time: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()).expect("a key of any length will do");
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn secret() -> WebhookSecret {
        WebhookSecret::new("whsec_test")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_signature_is_hmac_sha256_over_time_and_body() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let known = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
        assert_eq!(secret().sign("1700000000", BODY), known);
    }

    #[test]
    fn what_is_genuine_and_fresh_is_believed_and_nothing_else() {
        let good = secret().sign("1700000000", BODY);
        let header = format!("t=1700000000,v1={good}");
        assert!(secret().verifies(&header, BODY, at(1_700_000_000)));
        assert!(secret().verifies(&header, BODY, at(1_700_000_300)) && secret().verifies(&header, BODY, at(1_699_999_700)));
        assert!(!secret().verifies(&header, BODY, at(1_700_000_301)), "it is old");
        assert!(!secret().verifies(&header, BODY, at(1_699_999_699)), "it is from the future");
        assert!(!secret().verifies(&header, br#"{"id":"evt_2"}"#, at(1_700_000_000)), "another body");
        assert!(!WebhookSecret::new("whsec_other").verifies(&header, BODY, at(1_700_000_000)), "another secret");
        let now = at(1_700_000_000);
        assert!(secret().verifies(&format!("t=1700000000, v1={}, v1={good}, v0=x", "0".repeat(64)), BODY, now), "one of two secrets");
        for bad in [
            String::new(),
            format!("v1={good}"),
            "t=1700000000".to_owned(),
            format!("t=1700000000,v0={good}"),
            format!("t=1700000000,t=1700000001,v1={good}"),
            format!("t=1700000001,v1={good}"),
            format!("t=now,v1={good}"),
            format!("t=9223372036854775807,v1={good}"),
            format!("t=1700000000,v1={}", &good[..62]),
        ] {
            assert!(!secret().verifies(&bad, BODY, now), "{bad}");
        }
    }
}
