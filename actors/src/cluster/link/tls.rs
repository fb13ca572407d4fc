//! Mutual TLS between nodes (see [`LinkTls`]): TLS 1.3, ring, both sides show a certificate of the cluster's authority.

use super::LinkTls;
use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme,
        client::{
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_cert_signed_by_trust_anchor,
        },
        crypto::{CryptoProvider, ring, verify_tls13_signature},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
        server::{ParsedCertificate, ResolvesServerCertUsingSni, VerifierBuilderError, WebPkiClientVerifier},
        version::TLS13,
    },
};

/// Why the certificates can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The file isn't there, or isn't what it should be.
    #[error("{path} can't be read as PEM: {source}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// A file without a certificate.
    #[error("{path} holds no certificate", path = .0.display())]
    NoCertificate(PathBuf),
    /// The authority's certificate can't sign.
    #[error("the authority can't be used: {0}")]
    Authority(#[from] VerifierBuilderError),
    /// Most often a key that belongs to another certificate.
    #[error("certificate and key can't be used: {0}")]
    Mismatch(#[from] rustls::Error),
}

/// The certificates as they are on the disk.
#[derive(Debug)]
pub(super) struct Tls {
    files: LinkTls,
    /// The last that could be used: a file that is being replaced is not a reason to be without links.
    last: Mutex<Ready>,
}

#[derive(Clone)]
struct Ready {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl Tls {
    /// Fails where the files can't be used: at the start somebody is there to correct them.
    pub(super) fn load(files: LinkTls) -> Result<Self, TlsError> {
        let last = Mutex::new(read(&files)?);
        Ok(Self { files, last })
    }

    pub(super) async fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        self.current().await.acceptor
    }

    pub(super) async fn connector(self: &Arc<Self>) -> TlsConnector {
        self.current().await.connector
    }

    /// Files are small and connections rare, so they are read each time.
    async fn current(self: &Arc<Self>) -> Ready {
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || read(&this.files)).await;
        let mut last = self.last.lock();
        match read {
            Ok(Ok(ready)) => *last = ready,
            Ok(Err(error)) => tracing::warn!(%error, "the link certificates can't be read, the former ones are used"),
            Err(_) => {} // The runtime is going.
        }
        last.clone()
    }
}

fn read(files: &LinkTls) -> Result<Ready, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in certificates(&files.authority)? {
        roots.add(authority)?;
    }
    let roots = Arc::new(roots);
    let chain = certificates(&files.certificate)?;
    let key = || PrivateKeyDer::from_pem_file(&files.key).map_err(|source| TlsError::File { path: files.key.clone(), source });

    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()?;
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.clone(), key()?)?;
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(SignedByAuthority { roots, provider }))
        .with_client_auth_cert(chain, key()?)?;
    Ok(Ready { acceptor: Arc::new(server).into(), connector: Arc::new(client).into() })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| TlsError::File { path: path.to_owned(), source })?;
    if certificates.is_empty() { Err(TlsError::NoCertificate(path.to_owned())) } else { Ok(certificates) }
}

/// An acceptor that has no certificate and so ends every handshake. It stands where a listener must not let anybody in.
pub(super) fn closed_door() -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("ring has the cipher suites of TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    Arc::new(config).into()
}

/// What the handshake asks for; nothing compares it (see [`SignedByAuthority`]).
pub(super) fn server_name(address: &str) -> ServerName<'static> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    ServerName::try_from(host.to_owned()).unwrap_or_else(|_| ServerName::try_from("node").expect("a name"))
}

/// Whether an error means that the certificates don't go together, which only an operator can change.
pub(super) fn is_certificate_problem(error: &std::io::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => true,
        Some(Error::AlertReceived(alert)) => matches!(
            alert,
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::CertificateRequired
        ),
        _ => false,
    }
}

/// Everything that the usual verification asks, except for the host name: any node of the cluster may answer, and the preface
/// says which one it is.
#[derive(Debug)]
struct SignedByAuthority {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for SignedByAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // TLS 1.2 isn't offered.
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
