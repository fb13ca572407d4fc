//! Forms of S3 ("Authenticating Requests in Browser-Based Uploads Using POST", Signature Version 4).

use super::{UploadForm, UploadTerms, form::basic_format};
use crate::error::ObjectError;
use cowork_domain::timestamp::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use object_store::aws::AmazonS3;
use sha2::Sha256;
use std::sync::Arc;

/// Signs as whoever the store's client is.
pub(crate) struct S3Forms {
    pub(crate) store: Arc<AmazonS3>,
    pub(crate) bucket: String,
    pub(crate) region: String,
    /// Where the form is posted to.
    pub(crate) url: String,
}

impl S3Forms {
    pub(super) async fn issue(&self, key: &str, terms: &UploadTerms, now: Timestamp) -> Result<UploadForm, ObjectError> {
        let credential = self.store.credentials().get_credential().await?;
        let time = basic_format(now);
        let day = &time[..8];
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
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
        let signing_key = signing_key(&credential.secret_key, day, &self.region);
        let sign = |policy: &[u8]| Ok(("x-amz-signature", sign(&signing_key, policy).to_vec()));
        UploadForm::signed((&self.url, &self.bucket), fields, terms, now, sign)
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

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// The example of Amazon's documentation: key, day and region are published there with the resulting signature.
    #[test]
    fn a_policy_is_signed_as_the_store_computes_it() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20151229", "us-east-1");
        assert_eq!(HEXLOWER.encode(&sign(&key, policy.as_bytes())), "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }
}
