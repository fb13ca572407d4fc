//! The address that a request comes from, and what of it is counted.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Bits of an IPv6 address that its provider assigns; the rest is the subscriber's own choice (RFC 6177, RFC 8981).
const ASSIGNED_BITS: u32 = 64;

/// Where a request comes from, as far as it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// An IPv4 address in IPv6 clothes is the same client as without.
    pub(crate) fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself.
    pub(crate) const fn address(self) -> IpAddr {
        self.0
    }

    /// What is counted for this client: an IPv4 address itself, but the whole /64 of an IPv6 address. Every host has 2^64
    /// addresses of its own there and may use a new one for each request.
    pub(crate) fn counted(self) -> AddressBlock {
        AddressBlock(match self.0 {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(network_of(address)),
        })
    }
}

fn network_of(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - ASSIGNED_BITS)))
}

/// An IPv4 address or the /64 of an IPv6 address. Written `203.0.113.9` or `2001:db8:1:2::/64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AddressBlock(IpAddr);

impl fmt::Display for AddressBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(formatter),
            IpAddr::V6(address) => write!(formatter, "{address}/{ASSIGNED_BITS}"),
        }
    }
}

impl FromStr for AddressBlock {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix("/64") {
            Some(network) => Ok(Self(IpAddr::V6(network_of(network.parse()?)))),
            None => Ok(Self(IpAddr::V4(text.parse::<Ipv4Addr>()?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_within_a_64_are_one_client() {
        let block = |text: &str| ClientAddress::new(text.parse().unwrap()).counted().to_string();
        assert_eq!(block("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(block("::ffff:203.0.113.9"), "203.0.113.9");
    }

    proptest! {
        #[test]
        fn a_block_reads_back_as_it_was_written(address: IpAddr) {
            let block = ClientAddress::new(address).counted();
            prop_assert_eq!(block.to_string().parse::<AddressBlock>().unwrap(), block);
        }
    }
}
