//! Where a node meets its peers, and how the way there is protected.

use super::network::is_loopback_host;
use super::problem::Findings;
use super::setting::PREFIX;
use super::values::Values;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// Where a node meets its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkConfig {
    /// Where peers reach this node.
    pub address: NodeAddress,
    /// Where it listens for them.
    pub listen: SocketAddr,
}

/// A host, by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    host: String,
    port: u16,
}

/// Files of mutual TLS between nodes, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTls {
    /// Certificate of this node.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who signed the certificates of all nodes.
    pub authority: PathBuf,
}

impl LinkConfig {
    pub(super) fn read(values: &Values, findings: &mut Findings) -> Option<Self> {
        let Some(text) = values.text("NODE_ADDRESS") else {
            if values.text("NODE_LISTEN").is_some() {
                findings.problem(format!(
                    "{PREFIX}NODE_LISTEN has no effect without {PREFIX}NODE_ADDRESS, by which the other nodes know this one"
                ));
            }
            return None;
        };
        let Some(address) = NodeAddress::parse(&text) else {
            findings.problem(format!(
                "{PREFIX}NODE_ADDRESS is \"{text}\": expected a host and a port, such as 10.0.0.5:7946 or worker-1.internal:7946"
            ));
            return None;
        };
        let Some(text) = values.text("NODE_LISTEN") else {
            return Some(Self { listen: address.default_listen(), address });
        };
        let listen = text.parse::<SocketAddr>().ok().filter(|listen| listen.port() != 0);
        if listen.is_none() {
            findings.problem(format!("{PREFIX}NODE_LISTEN is \"{text}\": expected an IP address and a port, such as 0.0.0.0:7946"));
        }
        listen.map(|listen| Self { address, listen })
    }
}

impl NodeAddress {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let is_bracketed =
            host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
        let is_name = |host: &str| {
            !host.is_empty() && host.len() <= 253 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        };
        (is_bracketed || is_name(host)).then(|| Self { host: host.to_owned(), port })
    }

    /// Whether only processes of this machine can use it.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }

    fn default_listen(&self) -> SocketAddr {
        let ip = match self.host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) if self.is_loopback() => ip,
            Ok(IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
            Err(_) if self.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            Ok(IpAddr::V4(_)) | Err(_) => Ipv4Addr::UNSPECIFIED.into(),
        };
        SocketAddr::new(ip, self.port)
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl ClusterTls {
    pub(super) fn read(values: &Values, findings: &mut Findings) -> Option<Self> {
        let path = |name: &str| values.path(name);
        match (path("CLUSTER_TLS_CERTIFICATE"), path("CLUSTER_TLS_KEY"), path("CLUSTER_TLS_AUTHORITY")) {
            (Some(certificate), Some(key), Some(authority)) => Some(Self { certificate, key, authority }),
            (None, None, None) => None,
            _ => {
                findings.problem(format!(
                    "mutual TLS between nodes needs all of {PREFIX}CLUSTER_TLS_CERTIFICATE, {PREFIX}CLUSTER_TLS_KEY and {PREFIX}CLUSTER_TLS_AUTHORITY"
                ));
                None
            }
        }
    }
}
