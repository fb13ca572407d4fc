//! Which client a request of a proxy belongs to.

use super::forwarded::{self, Hops};
use crate::{config::network::Network, identity::limits::ClientAddress};
use http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    trusted: Vec<Network>,
}

impl Proxies {
    /// Without any network, nobody's word counts.
    pub(super) const fn new(trusted: Vec<Network>) -> Self {
        Self { trusted }
    }

    /// The socket's other end, unless that is a trusted proxy: then the right-most address of `Forwarded` or
    /// `X-Forwarded-For` that is none itself. Everything left of it may be the client's invention, so it isn't even read.
    /// Where the headers contradict each other, or are malformed where they matter, the socket counts again: all clients of
    /// such a proxy are one, which is the safe side.
    pub(super) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.ip();
        let named = if self.trusts(peer) { self.named(headers) } else { None };
        ClientAddress::new(named.unwrap_or(peer))
    }

    fn named(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let of_header = |name: &HeaderName, read: fn(&[u8]) -> Hops| {
            headers
                .contains_key(name)
                .then(|| self.first_stranger(headers.get_all(name).iter().map(|line| read(line.as_bytes())).collect()))
        };
        let standard = of_header(&header::FORWARDED, forwarded::standard);
        let customary = of_header(&X_FORWARDED_FOR, forwarded::customary);
        match (standard, customary) {
            (Some(one), Some(other)) => one.filter(|_| one == other),
            (one, other) => one.or(other).flatten(),
        }
    }

    /// From the nearest hop outwards. Lines of one header are one list (RFC 9110 §5.3).
    fn first_stranger(&self, lines: Vec<Hops>) -> Option<IpAddr> {
        for line in lines.into_iter().rev() {
            for hop in line.ok()?.into_iter().rev() {
                let address = hop?.to_canonical();
                if !self.trusts(address) {
                    return Some(address);
                }
            }
        }
        None
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests;
