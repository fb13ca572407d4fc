//! Ways by which whoever is given one puts one object into the store by himself, while it lasts.

mod address;
mod form;
mod google;
mod s3;

pub use address::UploadAddress;
pub use form::UploadForm;
pub(crate) use google::GoogleForms;
pub(crate) use s3::S3Forms;

use super::error::ObjectError;
use cowork_domain::timestamp::Timestamp;
use std::time::Duration;

/// What may be put there.
#[derive(Debug, Clone)]
pub struct UploadTerms {
    /// Its media type.
    pub content_type: String,
    /// Its size, exactly. Azure doesn't look at it.
    pub size: u64,
    /// How long.
    pub lifetime: Duration,
}

impl UploadTerms {
    fn end(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX / 2))
    }
}

/// One of the ways.
#[derive(Debug, Clone)]
pub enum Upload {
    /// A form that a browser posts.
    Form(UploadForm),
    /// An address to put the bytes to.
    Address(UploadAddress),
}

/// What signs forms, by the kind of store.
pub(crate) enum FormIssuer {
    S3(S3Forms),
    Google(Box<GoogleForms>),
}

impl FormIssuer {
    pub(crate) async fn issue(&self, key: &str, terms: &UploadTerms, now: Timestamp) -> Result<UploadForm, ObjectError> {
        match self {
            Self::S3(forms) => forms.issue(key, terms, now).await,
            Self::Google(forms) => forms.issue(key, terms, now),
        }
    }
}
