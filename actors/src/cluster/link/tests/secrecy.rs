//! Certificates, and what is never printed.

use super::{
    node::{call, link, named},
    peer::Certificates,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{fs, io::Write, net::TcpStream, path::Path};

#[test]
fn nodes_with_certificates_of_one_authority_are_linked() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let of = |name: &str| authority.issue(&folder.path().join(name));
    let (mut a, mut b) = (named("a").with_tls(of("a")).start(), named("b").with_tls(of("b")).start());
    // Half of a TLS handshake, which must not be in anybody's way.
    let mut half = TcpStream::connect(b.address()).expect("b listens");
    half.write_all(&[22, 3, 1, 2, 0, 1]).expect("b reads");
    link(&mut a, &mut b);
    assert_eq!(a.call(call(&b, "hello"))["last"], "a said hello");
    assert_eq!(b.call(call(&a, "hello"))["last"], "b said hello");
    drop(half);
}

#[test]
fn a_certificate_of_another_authority_is_refused_until_it_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (Authority::new(), Authority::new());
    let certificates = theirs.issue(&folder.path().join("a"));
    let mut a = named("a").with_tls(certificates).start();
    let mut b = named("b").with_tls(ours.issue(&folder.path().join("b"))).start();
    a.expect(&[&b]);
    b.expect(&[&a]);
    let refused = a.until("b", "refused");
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.starts_with("certificate: ")), "{refused}");

    // Only a's trust is right now: b looks at a's certificate, after a's handshake is over.
    let trusting = theirs.issue(&folder.path().join("a"));
    fs::write(&trusting.authority, ours.pem()).expect("a file is written");
    let refused_by_b = super::node::eventually(|| b.logged().contains("a link was refused").then_some(()));
    assert!(refused_by_b.is_some(), "{}", b.logged());
    assert_eq!(b.obey(&super::peer::Order::Report)[0]["state"], "connecting");
    a.until("b", "refused");

    // And now both: no restart is needed.
    ours.issue(&folder.path().join("a"));
    a.until("b", "up");
    b.until("a", "up");
}

#[test]
fn a_node_without_tls_is_not_linked_with_one_that_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut a = named("a").start();
    let mut b = named("b").with_tls(Authority::new().issue(folder.path())).start();
    a.expect(&[&b]);
    b.expect(&[&a]);
    let said = super::node::eventually(|| a.until("b", "connecting")["reason"].as_str().map(str::to_owned));
    assert!(said.is_some_and(|reason| reason.contains("TLS")), "{}", a.logged());
    assert_eq!(a.call(call(&b, "hello"))["counts"], serde_json::json!({ "not_connected": 1 }));
}

#[test]
fn what_travels_is_not_logged_at_any_level() {
    let canary = "canary 7f3a91d2";
    // ractor prints payloads as lists of numbers.
    let numbers = canary.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let is_logged = |filter: &str| {
        let (mut a, mut b) = (named("a").logging(filter).start(), named("b").logging(filter).start());
        link(&mut a, &mut b);
        assert_eq!(a.call(call(&b, canary))["last"], format!("a said {canary}"));
        // Whatever was logged before this line is in the log when it is.
        for (node, peer) in [(&mut a, "b"), (&mut b, "a")] {
            node.expect(&[]);
            let ended = super::node::eventually(|| (node.events(peer) == ["up", "down"]).then_some(()));
            assert!(ended.is_some());
        }
        let logs = a.logged() + &b.logged();
        assert!(logs.contains("a link is up"), "{logs}");
        logs.contains(canary) || logs.contains(&numbers)
    };
    assert!(is_logged("trace"), "without the cap the payload is in the log, or this test sees nothing");
    assert!(!is_logged("trace,ractor=warn,ractor_cluster=error"));
}

/// Signs nodes.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new([]).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("an authority"))
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// Writes the three files of a node.
    fn issue(&self, folder: &Path) -> Certificates {
        fs::create_dir_all(folder).expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["somewhere.else".to_owned()]).expect("a name").signed_by(&key, &self.0);
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).expect("a file is written");
            path
        };
        Certificates {
            certificate: write("node.pem", certificate.expect("a certificate").pem()),
            key: write("node.key", key.serialize_pem()),
            authority: write("authority.pem", self.pem()),
        }
    }
}
