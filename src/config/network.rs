//! Which addresses are reachable from where.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address range in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().ok()?;
        let widest = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(widest);
        (bits <= widest).then_some(Self { base, bits })
    }

    /// Whether `address` lies in the range. An IPv4 address in IPv6 clothes counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let unused = 32 - u32::from(self.bits);
                u32::from(base).checked_shr(unused).unwrap_or(0) == u32::from(address).checked_shr(unused).unwrap_or(0)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let unused = 128 - u32::from(self.bits);
                u128::from(base).checked_shr(unused).unwrap_or(0) == u128::from(address).checked_shr(unused).unwrap_or(0)
            }
            _ => false,
        }
    }
}

/// Whether a host (a name or an address) can only be this machine.
pub fn is_loopback_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a host can be reached from the internet: names can, private and reserved addresses can't.
pub fn is_routable_host(host: &str) -> bool {
    if is_loopback_host(host) {
        return false;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => is_routable_v4(address),
        Ok(IpAddr::V6(address)) => is_routable_v6(address),
        Err(_) => bare.contains('.') && ![".local", ".internal", ".localhost"].iter().any(|private| bare.ends_with(private)),
    }
}

fn is_routable_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let benchmark = first == 198 && (18..20).contains(&second);
    let special =
        address.is_private() || address.is_link_local() || address.is_unspecified() || address.is_documentation() || address.is_broadcast();
    !(special || shared || benchmark || address.is_multicast() || first == 0 || first >= 240)
}

fn is_routable_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    // Only 2000::/3 is handed out; 2001:db8::/32 within it is for documentation.
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && address.segments()[1] == 0x0db8)
}

/// Host of an http(s) address, without port and brackets.
pub fn host_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    uri.host().map(|host| host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_what_they_say() {
        let private = Network::parse("10.0.0.0/8").unwrap();
        assert!(private.contains("10.200.3.4".parse().unwrap()));
        assert!(private.contains("::ffff:10.1.1.1".parse().unwrap()));
        assert!(!private.contains("11.0.0.1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!(Network::parse("::1").unwrap().contains("::1".parse().unwrap()));
        assert!(!Network::parse("fd00::/8").unwrap().contains("10.0.0.1".parse().unwrap()));
        assert_eq!(Network::parse("10.0.0.0/33"), None);
    }

    #[test]
    fn routable_means_reachable_from_the_internet() {
        for host in ["cloud.example.com", "1.1.1.1", "2606:4700::1111"] {
            assert!(is_routable_host(host), "{host}");
        }
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.1",
            "100.64.0.1",
            "fd00::1",
            "169.254.1.1",
            "0.0.0.0",
            "intranet",
            "a.internal",
        ] {
            assert!(!is_routable_host(host), "{host}");
        }
    }
}
