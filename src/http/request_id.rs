//! `X-Request-Id`: echoed when the client sent one, minted otherwise (contract 00 §2).

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header's name.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids would only fill logs; they are replaced.
const LONGEST: usize = 200;

/// The id of this request, ready to be sent back.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    if let Some(sent) = headers.get(&X_REQUEST_ID) {
        let trimmed = sent.as_bytes().trim_ascii();
        if !trimmed.is_empty() && trimmed.len() <= LONGEST {
            return if trimmed.len() == sent.len() {
                sent.clone()
            } else {
                HeaderValue::from_bytes(trimmed).expect("a part of a header value is one")
            };
        }
    }
    #[expect(clippy::disallowed_methods, reason = "a request id decides nothing; it only has to differ")]
    let minted = uuid::Uuid::new_v4();
    let mut text = uuid::Uuid::encode_buffer();
    HeaderValue::from_str(minted.hyphenated().encode_lower(&mut text)).expect("hex digits and hyphens")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_echoed_trimmed_and_a_blank_one_is_replaced() {
        let with = |value: &'static str| HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(value))]);
        assert_eq!(of(&with("  abc-123 ")), "abc-123");
        assert_eq!(of(&with("   ")).len(), 36);
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
