//! The authorities that vouch for a provider's certificate, where the operator names them.

use reqwest::Certificate;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::path::{Path, PathBuf};

/// Why a file of authorities can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// It isn't there, or isn't PEM.
    #[error("{path} can't be read as PEM: {source}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// Nothing in it is a certificate.
    #[error("{path} holds no certificate", path = .0.display())]
    Empty(PathBuf),
    /// A certificate that can't vouch for anything.
    #[error("{path} holds something that is no authority's certificate: {source}", path = path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The client that is to use it doesn't take it.
    #[error("the certificates of {path} can't be used: {source}", path = path.display())]
    Client {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: reqwest::Error,
    },
}

/// Whether a file can vouch for providers. An operator learns of a mistake at the start, and not from the first turn.
///
/// # Errors
/// See [`AuthorityError`].
pub fn check_authorities(path: &Path) -> Result<(), AuthorityError> {
    authorities(path).map(drop)
}

/// The authorities of a file.
pub(super) fn authorities(path: &Path) -> Result<Vec<Certificate>, AuthorityError> {
    let unreadable = |source| AuthorityError::File { path: path.to_owned(), source };
    let mut store = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        let taken = Certificate::from_der(&certificate).map_err(|source| AuthorityError::Client { path: path.to_owned(), source })?;
        store.add(certificate).map_err(|source| AuthorityError::Unusable { path: path.to_owned(), source })?;
        found.push(taken);
    }
    if found.is_empty() { Err(AuthorityError::Empty(path.to_owned())) } else { Ok(found) }
}
