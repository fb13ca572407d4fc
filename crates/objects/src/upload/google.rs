//! Forms of Google Cloud Storage ("Upload an object with HTML forms", "Policy document", V4 signing process), signed with the key of a
//! service account. The machine's own account has no key that we could sign with; there the store gives addresses only.

use super::{UploadForm, UploadTerms, form::basic_format};
use crate::error::ObjectError;
use cowork_domain::{secret::Secret, timestamp::Timestamp};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde::Deserialize;

/// Google's own address.
const GOOGLE: &str = "https://storage.googleapis.com";

/// Signs as a service account.
pub(crate) struct GoogleForms {
    email: String,
    key: RsaKeyPair,
    bucket: String,
    url: String,
}

/// What we need of the account's key file.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    gcs_base_url: Option<String>,
}

impl GoogleForms {
    /// As the account of this key file; `None` if it holds no RSA key.
    pub(crate) fn of(file: &Secret<String>, bucket: &str, endpoint: Option<&str>) -> Option<Self> {
        let KeyFile { client_email, private_key, gcs_base_url } = serde_json::from_str(file.expose()).ok()?;
        let pem = Secret::new(private_key);
        let key = match PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok()?,
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok()?,
            _ => return None,
        };
        let at = endpoint.or(gcs_base_url.as_deref()).unwrap_or(GOOGLE);
        let url = format!("{}/{bucket}/", at.trim_end_matches('/'));
        Some(Self { email: client_email, key, bucket: bucket.to_owned(), url })
    }

    pub(super) fn issue(&self, key: &str, terms: &UploadTerms, now: Timestamp) -> Result<UploadForm, ObjectError> {
        let time = basic_format(now);
        let fields = vec![
            ("key", key.to_owned()),
            ("Content-Type", terms.content_type.clone()),
            ("x-goog-algorithm", "GOOG4-RSA-SHA256".to_owned()),
            ("x-goog-credential", format!("{}/{}/auto/storage/goog4_request", self.email, &time[..8])),
            ("x-goog-date", time),
        ];
        UploadForm::signed((&self.url, &self.bucket), fields, terms, now, |policy| {
            let mut signature = vec![0; self.key.public().modulus_len()];
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), policy, &mut signature).map_err(|_| ObjectError::Unsigned)?;
            Ok(("x-goog-signature", signature))
        })
    }
}
