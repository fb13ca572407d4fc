//! Forms by which browsers put one object into S3 by themselves: a policy that the store enforces, signed with our key
//! (Amazon S3, "Authenticating Requests in Browser-Based Uploads Using POST", Signature Version 4).

use super::{error::ObjectError, open::FormIssuer};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cowork_domain::timestamp::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use object_store::aws::AwsCredential;
use serde_json::json;
use sha2::Sha256;
use std::{fmt::Write as _, time::Duration};

/// What may be put there.
#[derive(Debug, Clone)]
pub struct UploadTerms {
    /// Its media type.
    pub content_type: String,
    /// Its size, exactly.
    pub size: u64,
    /// How long.
    pub lifetime: Duration,
}

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
    pub(crate) async fn sign(issuer: &FormIssuer, key: &str, terms: &UploadTerms, now: Timestamp) -> Result<Self, ObjectError> {
        let credential = issuer.store.credentials().get_credential().await?;
        Ok(Self::signed_with(&credential, issuer, key, terms, now))
    }

    fn signed_with(credential: &AwsCredential, issuer: &FormIssuer, key: &str, terms: &UploadTerms, now: Timestamp) -> Self {
        let expires_at = now.plus_millis(i64::try_from(terms.lifetime.as_millis()).unwrap_or(i64::MAX / 2));
        let time = basic_format(now);
        let day = &time[..8];
        let scope = format!("{day}/{}/s3/aws4_request", issuer.region);
        let mut fields = vec![
            ("key", key.to_owned()),
            ("Content-Type", terms.content_type.clone()),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", format!("{}/{scope}", credential.key_id)),
            ("x-amz-date", time.clone()),
        ];
        if let Some(token) = &credential.token {
            fields.push(("x-amz-security-token", token.clone()));
        }
        let mut conditions = vec![json!({ "bucket": issuer.bucket }), json!(["content-length-range", terms.size, terms.size])];
        conditions.extend(fields.iter().map(|(name, value)| json!({ *name: value })));
        let policy = STANDARD.encode(json!({ "expiration": expires_at.to_string(), "conditions": conditions }).to_string());
        let signature = hex(&sign(&signing_key(&credential.secret_key, day, &issuer.region), policy.as_bytes()));
        fields.extend([("policy", policy), ("x-amz-signature", signature)]);
        Self { url: issuer.url.clone(), fields, expires_at }
    }
}

fn signing_key(secret: &str, day: &str, region: &str) -> [u8; 32] {
    let first = sign(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    [region, "s3", "aws4_request"].into_iter().fold(first, |key, part| sign(&key, part.as_bytes()))
}

fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// `20260304T050607Z`, from the one format that a timestamp is shown in.
fn basic_format(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or(&text);
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Amazon's documentation: key, day and region are published there with the resulting signature.
    #[test]
    fn a_policy_is_signed_as_the_store_computes_it() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20151229", "us-east-1");
        assert_eq!(hex(&sign(&key, policy.as_bytes())), "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }

    #[test]
    fn the_time_has_no_punctuation() {
        let at = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("a time");
        assert_eq!(basic_format(at), "20260304T050607Z");
    }
}
