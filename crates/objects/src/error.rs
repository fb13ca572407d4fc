//! What can go wrong with objects.

use std::time::Duration;

/// Why a store can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something that this kind of store needs is not configured.
    #[error("an object store of kind {kind} needs {what}")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The folder can't be made.
    #[error("the folder of the object store can't be made: {0}")]
    Folder(#[source] std::io::Error),
    /// The store's own words.
    #[error("the object store can't be set up: {0}")]
    Store(#[source] object_store::Error),
}

/// Why an operation on an object failed.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// It is larger than the reader takes.
    #[error("the object is larger than {0} bytes")]
    TooLarge(u64),
    /// Its content is not what was written.
    #[error("the object's content doesn't match its checksum")]
    Damaged,
    /// The store did not answer in time.
    #[error("the object store did not answer within {} s", .0.as_secs())]
    Slow(Duration),
    /// What has to be signed can't be: the key is not fit for it, or what should be signed is no header.
    #[error("the address of an upload can't be signed")]
    Unsigned,
    /// The store refused, or can't be reached.
    #[error("the object store failed: {0}")]
    Store(#[source] object_store::Error),
}

impl ObjectError {
    /// For metrics.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLarge(_) => "too_large",
            Self::Damaged => "damaged",
            Self::Slow(_) => "slow",
            Self::Unsigned => "unsigned",
            Self::Store(_) => "store",
        }
    }
}

impl From<object_store::Error> for ObjectError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Store(other),
        }
    }
}
