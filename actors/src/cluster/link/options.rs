//! How this node is linked with others.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use zeroize::Zeroizing;

/// Everything that links need to know.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// This node's name, unique in the cluster.
    pub name: String,
    /// Where this node accepts links.
    pub listen: SocketAddr,
    /// What every node of the cluster knows and nobody else does.
    pub secret: LinkSecret,
    /// Encryption, and certificates as a second proof; without it the network must be trusted.
    pub tls: Option<LinkTls>,
    /// How often a peer is asked whether it is there; two silences in a row end the link.
    pub heartbeat: Duration,
    /// Bytes that may be on their way to one peer; beyond it calls are refused at once.
    pub call_window: usize,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            name: "node-1".into(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            secret: LinkSecret::new(String::new()),
            tls: None,
            heartbeat: Duration::from_millis(500),
            call_window: 4 * 1024 * 1024,
        }
    }
}

/// The text that the nodes of a cluster share. It is wiped when it is dropped, and never printed.
#[derive(Clone)]
pub struct LinkSecret(Zeroizing<String>);

impl LinkSecret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "[not set]" } else { "[set]" })
    }
}

/// Mutual TLS between nodes: PEM files, read again for each new connection, so that a certificate is
/// replaced without a restart.
///
/// A peer's certificate must be signed by the authority, and be meant for both ends of a connection
/// (`serverAuth` and `clientAuth`, or no extended key usage at all). Its host names are **not** compared: nodes move between
/// addresses, and which node it is, is proved with the secret. So the authority must sign nothing but nodes of this cluster.
#[derive(Debug, Clone)]
pub struct LinkTls {
    /// This node's certificate, and the ones between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities that sign nodes of this cluster.
    pub authority: PathBuf,
}
