//! Where an address leads: out into the world, into somebody's own network, or nowhere that a provider can be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public network.
    Public,
    /// This machine or a private network: only for providers whose operator said so.
    Private,
    /// Link-local, metadata services, multicast, unassigned: for nobody. A machine's metadata service hands out the
    /// machine's own credentials, so not even a private provider lives there.
    Never,
}

/// Metadata services outside the link-local range, with the clouds that have them.
const METADATA_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud
    Ipv4Addr::new(168, 63, 129, 16),   // Azure's wire server, a public address
];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254), // Amazon
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254), // Google
];

impl Reach {
    /// Where this address leads.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    /// Whether a provider may be reached there.
    pub const fn is_open(self, private_allowed: bool) -> bool {
        match self {
            Self::Public => true,
            Self::Private => private_allowed,
            Self::Never => false,
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&address) {
            return Self::Never;
        }
        match address.octets() {
            [172, second, ..] if (16..32).contains(&second) => Self::Private,
            // Carriers' own addresses, which overlay networks use too.
            [100, second, ..] if (64..128).contains(&second) => Self::Private,
            // 198.18.0.0/15 is for measurements between networks of one owner.
            [127 | 10, ..] | [192, 168, ..] | [198, 18 | 19, ..] => Self::Private,
            [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Never,
            [first, ..] if first >= 224 => Self::Never,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(inner) = embedded_v4(address) {
            return Self::of_v4(inner);
        }
        if METADATA_V6.contains(&address) {
            return Self::Never;
        }
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Private,
            // Teredo, and addresses of documents.
            [0x2001, 0 | 0x0db8, ..] => Self::Never,
            [first, ..] if first & 0xfe00 == 0xfc00 => Self::Private,
            // Whatever is not global unicast: link-local, site-local, multicast, unassigned.
            [first, ..] if first & 0xe000 != 0x2000 => Self::Never,
            _ => Self::Public,
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052), or 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d] = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            [a, b, c, d]
        }
        _ => return None,
    };
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_inside_is_seen() {
        let all = |addresses: &[&str], reach| {
            for address in addresses {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        };
        all(&["1.1.1.1", "104.18.6.192", "172.15.0.1", "172.32.0.1", "2606:4700::6810:1", "64:ff9b::101:101"], Reach::Public);
        all(
            &[
                "127.0.0.1",
                "127.9.9.9",
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "100.64.0.1",
                "::1",
                "fc00::1",
                "fd12::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::",
            ],
            Reach::Private,
        );
        all(
            &[
                "0.0.0.0",
                "169.254.169.254",
                "169.254.0.1",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "224.0.0.1",
                "255.255.255.255",
                "::",
                "fe80::1",
                "ff02::1",
                "fd00:ec2::254",
                "::ffff:169.254.169.254",
                "2002:a9fe:a9fe::",
                "2001::1",
                "::169.254.169.254",
            ],
            Reach::Never,
        );
    }
}
