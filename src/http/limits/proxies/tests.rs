use super::*;
use http::HeaderValue;
use proptest::prelude::*;

const PROXY: [u8; 4] = [10, 0, 0, 1];

fn proxies() -> Proxies {
    Proxies::new(["10.0.0.0/8", "fd00::/8"].map(|text| Network::parse(text).expect("a network")).into())
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, line) in lines {
        headers.append(*name, HeaderValue::from_str(line).expect("a header value"));
    }
    headers
}

fn client_of(peer: [u8; 4], lines: &[(&'static str, &str)]) -> String {
    let client = proxies().client(SocketAddr::from((peer, 4711)), &headers(lines));
    client.counted().to_string()
}

#[test]
fn the_nearest_stranger_is_the_client() {
    let (forwarded, customary) = ("forwarded", "x-forwarded-for");
    for (lines, client) in [
        (&[][..], "10.0.0.1"),
        (&[(customary, "203.0.113.7")], "203.0.113.7"),
        (&[(customary, "6.6.6.6, 203.0.113.7, 10.2.3.4")], "203.0.113.7"),
        (&[(customary, "6.6.6.6"), (customary, "203.0.113.7, 10.9.9.9"), (customary, "10.2.3.4")], "203.0.113.7"),
        (&[(customary, "'; drop, 203.0.113.7")], "203.0.113.7"),
        (&[(customary, "::ffff:203.0.113.7, ::ffff:10.1.1.1")], "203.0.113.7"),
        (&[(forwarded, "for=6.6.6.6, for=\"[2001:db8::7]:1\";proto=https, for=10.0.0.3")], "2001:db8::/64"),
        (&[(forwarded, "for=203.0.113.7"), (customary, "203.0.113.7")], "203.0.113.7"),
        // What nobody can be sure of is the proxy's.
        (&[(forwarded, "for=203.0.113.8"), (customary, "203.0.113.7")], "10.0.0.1"),
        (&[(forwarded, "nonsense"), (customary, "203.0.113.7")], "10.0.0.1"),
        (&[(forwarded, "for=unknown")], "10.0.0.1"),
        (&[(customary, "203.0.113.7, unknown")], "10.0.0.1"),
        (&[(customary, "203.0.113.7, unknown, 10.2.3.4")], "10.0.0.1"),
        (&[(customary, "10.2.3.4, fd00::1")], "10.0.0.1"),
        (&[(customary, "")], "10.0.0.1"),
        // A quote that the client opened and a later hop closed.
        (&[(forwarded, "for=6.6.6.6;x=\", for=\"[2001:db8::7]\"")], "10.0.0.1"),
    ] {
        assert_eq!(client_of(PROXY, lines), client, "{lines:?}");
    }
    assert_eq!(client_of([192, 0, 2, 1], &[(customary, "203.0.113.7"), (forwarded, "for=203.0.113.7")]), "192.0.2.1", "a stranger's word");
    let unconfigured = Proxies::default().client(SocketAddr::from((PROXY, 1)), &headers(&[(customary, "203.0.113.7")]));
    assert_eq!(unconfigured.counted().to_string(), "10.0.0.1", "nobody's word counts unless somebody is trusted");
}

proptest! {
    /// A client may send what it likes: neither alone nor through a proxy does it become somebody else.
    #[test]
    fn nobody_chooses_an_address(invented in "[ -~]{0,60}", client: [u8; 4], is_standard: bool) {
        let client_address = IpAddr::from(client);
        prop_assume!(!proxies().trusts(client_address));
        let name = if is_standard { "forwarded" } else { "x-forwarded-for" };
        prop_assert_eq!(client_of(client, &[(name, &invented)]), client_address.to_string());
        let own = if is_standard { format!("for={client_address}") } else { client_address.to_string() };
        // Some proxies add a line of their own.
        prop_assert_eq!(client_of(PROXY, &[(name, &invented), (name, &own)]), client_address.to_string());
        // Others write on in the client's.
        let continued = client_of(PROXY, &[(name, &format!("{invented}, {own}"))]);
        let is_right = continued == client_address.to_string() || (is_standard && continued == "10.0.0.1");
        prop_assert!(is_right, "{}", continued);
    }
}
