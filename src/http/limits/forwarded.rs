//! The addresses in `Forwarded` (RFC 7239) and `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The hops that one line of a header names, the nearest last. Nothing stands for a hop that has no address: an unknown or
/// disguised one, or one that can't be read.
pub(super) type Hops = Result<Vec<Option<IpAddr>>, Malformed>;

/// A line that can't even be taken apart into hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A line of `X-Forwarded-For`: addresses and commas. Some proxies add the port.
pub(super) fn customary(line: &[u8]) -> Hops {
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let hops = line.split(',').map(str::trim).filter(|hop| !hop.is_empty());
    Ok(hops.map(address_with_port).collect())
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address_with_port(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(bare) = bare {
        return bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// A line of `Forwarded`: hops between commas, each of which is `name=value` pairs between semicolons. A quote that never ends
/// makes the whole line unreadable: what a client began, a proxy may have completed.
pub(super) fn standard(line: &[u8]) -> Hops {
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let mut rest = line;
    let mut hops = Vec::new();
    loop {
        let mut node = None;
        let mut is_empty = true;
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with([',', ';']) {
                let (name, value, behind) = pair(rest)?;
                rest = behind.trim_start_matches([' ', '\t']);
                is_empty = false;
                // The same name twice in one hop is forbidden, so nobody can say which one is meant.
                if name.eq_ignore_ascii_case("for") && node.replace(node_address(&value)).is_some() {
                    return Err(Malformed);
                }
            }
            match rest.strip_prefix(';') {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        if !is_empty {
            hops.push(node.flatten());
        }
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.is_empty() => return Ok(hops),
            None => return Err(Malformed),
        }
    }
}

/// One `name=value`, where the value is a token or a quoted string, and what follows it.
fn pair(text: &str) -> Result<(&str, String, &str), Malformed> {
    let (name, rest) = text.split_once('=').ok_or(Malformed)?;
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(Malformed);
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, rest) = unquoted(quoted)?;
        return Ok((name, value, rest));
    }
    let end = rest.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(rest.len());
    let (value, rest) = rest.split_at(end);
    if value.is_empty() { Err(Malformed) } else { Ok((name, value.to_owned(), rest)) }
}

/// The content of a quoted string up to its closing quote, and what follows that.
fn unquoted(text: &str) -> Result<(String, &str), Malformed> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(characters.next().ok_or(Malformed)?.1),
            _ => value.push(character),
        }
    }
    Err(Malformed)
}

/// RFC 9110 §5.6.2.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// The address of a node identifier (RFC 7239 §6): an IPv4 address or a bracketed IPv6 one, perhaps with a port, which may be
/// disguised.
fn node_address(text: &str) -> Option<IpAddr> {
    let (address, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        (IpAddr::V6(address.parse().ok()?), port)
    } else {
        let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port)
    };
    let is_port =
        |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(clippy::unnecessary_wraps, reason = "what the readers return, for comparison")]
    fn addresses(texts: &[Option<&str>]) -> Hops {
        Ok(texts.iter().map(|text| text.map(|text| text.parse().expect("an address"))).collect())
    }

    #[test]
    fn the_examples_of_the_rfc_are_understood() {
        let read = |line: &str| standard(line.as_bytes());
        assert_eq!(read("for=\"_gazonk\""), addresses(&[None]));
        assert_eq!(read("For=\"[2001:db8:cafe::17]:4711\""), addresses(&[Some("2001:db8:cafe::17")]));
        assert_eq!(read("for=192.0.2.60;proto=http;by=203.0.113.43"), addresses(&[Some("192.0.2.60")]));
        assert_eq!(read("for=192.0.2.43, for=198.51.100.17"), addresses(&[Some("192.0.2.43"), Some("198.51.100.17")]));
        assert_eq!(
            read("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"),
            addresses(&[Some("192.0.2.43"), Some("2001:db8:cafe::17"), None])
        );
        assert_eq!(read("for=_hidden, for=_SEVKISEK"), addresses(&[None, None]));
        assert_eq!(read("for=\"192.0.2.43:47011\" ; proto=https ,, by=203.0.113.43;"), addresses(&[Some("192.0.2.43"), None]));
        assert_eq!(read("for=\"192.0.2\\.43:_port\""), addresses(&[Some("192.0.2.43")]));
        for malformed in [
            "for",
            "=x",
            "for=",
            "for=\"1.2.3.4",
            "for=\"a\"b",
            "for=2001:db8::1",
            "for=1.2.3.4 for=5.6.7.8",
            "for=1.2.3.4;for=5.6.7.8",
            "for=\"\\",
        ] {
            assert_eq!(read(malformed), Err(Malformed), "{malformed}");
        }
        for nobody in ["for=\"2001:db8::1\"", "for=\"[::1\"", "for=\"1.2.3.4:\"", "for=\"1.2.3.4 \"", "for=1.2.3.400", "proto=https"] {
            assert_eq!(read(nobody), Ok(vec![None]), "{nobody}");
        }
    }

    #[test]
    fn the_customary_header_is_read_with_and_without_ports() {
        let line = b"203.0.113.7, 198.51.100.2:8080,,[2001:db8::1]:443 , 2001:db8::2, [2001:db8::3], unknown, 1.2.3.4.5";
        let known = ["203.0.113.7", "198.51.100.2", "2001:db8::1", "2001:db8::2", "2001:db8::3"].map(Some);
        assert_eq!(customary(line), addresses(&[&known[..], &[None, None]].concat()));
        assert_eq!(customary(b"\xff"), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line: Vec<u8>, pieces in "[for=\";,\\[\\]: .1\\\\a]{0,40}") {
            for line in [&line[..], pieces.as_bytes()] {
                standard(line).ok();
                customary(line).ok();
            }
        }

        #[test]
        fn what_is_written_by_the_book_is_read(nodes in proptest::collection::vec((any::<IpAddr>(), any::<Option<u16>>()), 1..6)) {
            let by_the_book = |(address, port): &(IpAddr, Option<u16>)| {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                match address {
                    IpAddr::V4(address) if port.is_empty() => format!("for={address}"),
                    IpAddr::V4(address) => format!("for=\"{address}{port}\";proto=https"),
                    IpAddr::V6(address) => format!("proto=https; For=\"[{address}]{port}\""),
                }
            };
            let line = nodes.iter().map(by_the_book).collect::<Vec<_>>().join(", ");
            let wanted: Vec<_> = nodes.iter().map(|(address, _)| Some(*address)).collect();
            prop_assert_eq!(standard(line.as_bytes()), Ok(wanted.clone()));
            let customarily = |(address, port): &(IpAddr, Option<u16>)| {
                port.map_or_else(|| address.to_string(), |port| SocketAddr::new(*address, port).to_string())
            };
            let line = nodes.iter().map(customarily).collect::<Vec<_>>().join(",");
            prop_assert_eq!(customary(line.as_bytes()), Ok(wanted));
        }
    }
}
