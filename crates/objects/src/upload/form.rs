//! Forms: a policy that the store enforces, signed with our key. S3 and Google Cloud Storage agree on all but names and signature.

use super::UploadTerms;
use crate::error::ObjectError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cowork_domain::timestamp::Timestamp;
use data_encoding::HEXLOWER;
use serde_json::json;
use std::fmt::Write as _;

/// Where to post what.
#[derive(Debug, Clone)]
pub struct UploadForm {
    /// The address.
    pub url: String,
    /// The fields that go before the file, in this order.
    pub fields: Vec<(&'static str, String)>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl UploadForm {
    /// With these fields, which must all come as they are, and a signature of the policy that says so.
    pub(super) fn signed(
        (url, bucket): (&str, &str),
        mut fields: Vec<(&'static str, String)>,
        terms: &UploadTerms,
        now: Timestamp,
        sign: impl FnOnce(&[u8]) -> Result<(&'static str, Vec<u8>), ObjectError>,
    ) -> Result<Self, ObjectError> {
        let expires_at = terms.end(now);
        let mut conditions = vec![json!({ "bucket": bucket }), json!(["content-length-range", terms.size, terms.size])];
        conditions.extend(fields.iter().map(|(name, value)| json!({ *name: value })));
        let policy = json!({ "expiration": format!("{}Z", seconds(expires_at)), "conditions": conditions });
        let policy = STANDARD.encode(ascii(&policy.to_string()));
        let (name, signature) = sign(policy.as_bytes())?;
        fields.extend([("policy", policy), (name, HEXLOWER.encode(&signature))]);
        Ok(Self { url: url.to_owned(), fields, expires_at })
    }
}

/// `20260304T050607Z`.
pub(super) fn basic_format(at: Timestamp) -> String {
    format!("{}Z", seconds(at).replace(['-', ':'], ""))
}

/// `2026-03-04T05:06:07`, from the one format that a timestamp is shown in.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    text.split('.').next().unwrap_or(&text).to_owned()
}

/// JSON in which nothing but ASCII is left: both stores compare policies in that form.
fn ascii(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, character| {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::time::Duration;

    #[test]
    fn the_policy_binds_every_field_and_is_plain_ascii() {
        let now = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("a time");
        assert_eq!(basic_format(now), "20260304T050607Z");
        let terms = UploadTerms { content_type: "text/plain".into(), size: 12, lifetime: Duration::from_secs(60) };
        let fields = vec![("key", "größe/😀".to_owned()), ("Content-Type", "text/plain".to_owned())];
        let mut signed = Vec::new();
        let sign = |policy: &[u8]| {
            signed = policy.to_vec();
            Ok(("signature", vec![0, 0xab]))
        };
        let form = UploadForm::signed(("https://store/b", "b"), fields, &terms, now, sign).expect("signed");
        let [.., (_, policy), signature] = &form.fields[..] else { panic!("{form:?}") };
        assert_eq!((policy.as_bytes(), signature), (&signed[..], &("signature", "00ab".to_owned())));
        let policy = String::from_utf8(STANDARD.decode(policy).expect("base64")).expect("text");
        assert!(policy.is_ascii() && policy.contains(r"gr\u00f6\u00dfe/\ud83d\ude00"), "{policy}");
        let expected = json!({ "expiration": "2026-03-04T05:07:07Z", "conditions": [
            { "bucket": "b" }, ["content-length-range", 12, 12], { "key": "größe/😀" }, { "Content-Type": "text/plain" }] });
        assert_eq!(serde_json::from_str::<Value>(&policy).expect("JSON"), expected);
    }
}
