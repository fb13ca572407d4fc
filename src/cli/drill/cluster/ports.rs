//! Ports for servers that must come back under the same address.

use anyhow::bail;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the range from which the kernel takes the ports of outgoing connections, so that a port isn't
/// taken while its server is down.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Gives out free ports, each once.
#[derive(Debug)]
pub(super) struct Ports {
    next: u16,
}

impl Ports {
    /// Drills at the same time look at different ports first.
    pub(super) fn new() -> Self {
        let spread = u16::try_from(std::process::id() % 11_000).unwrap_or(0);
        Self { next: RANGE.start + spread }
    }

    /// A port of loopback on which nobody listens at the moment.
    pub(super) fn free(&mut self) -> anyhow::Result<SocketAddr> {
        for _ in RANGE {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.next));
            self.next = if self.next + 1 < RANGE.end { self.next + 1 } else { RANGE.start };
            if TcpListener::bind(address).is_ok() {
                return Ok(address);
            }
        }
        bail!("no port from {} to {} is free", RANGE.start, RANGE.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_out_twice() {
        let mut ports = Ports::new();
        let mut given: Vec<_> = (0..50).map(|_| ports.free().expect("there are free ports")).collect();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 50);
    }
}
