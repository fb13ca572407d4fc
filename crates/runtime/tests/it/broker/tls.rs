//! Providers whose certificates an authority of the operator's vouches for.

use super::{Behaviour, Double, HELLO, KEY, turn};
use crate::{
    house::{PATIENCE, answers, brisk, broker, failure, finish, house, org, runtime, table_of, willing},
    keys::Keys,
};
use cowork_domain::{runtime_event::RuntimeEvent, secret::Secret};
use cowork_runtime::{
    Runtime as _,
    providers::{
        Outbound, check_authorities,
        probe::{ProbeLimits, ProbeOutcome, probe},
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject as _},
    },
};
use tokio_util::task::AbortOnDropHandle;

/// Whoever vouches for certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new([]).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    /// Its certificate, where the operator would put it.
    fn file(&self, folder: &TempDir) -> PathBuf {
        let path = folder.path().join("authority.pem");
        std::fs::write(&path, self.0.as_ref().pem()).expect("our own folder");
        path
    }
}

/// TLS in front of a double, with a certificate of this name.
struct Front {
    origin: String,
    _serving: AbortOnDropHandle<()>,
}

impl Front {
    async fn start(double: &Double, authority: &Authority, name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new([name.to_owned()]).expect("a name").signed_by(&key, &authority.0).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let origin = format!("https://{}", listener.local_addr().expect("bound"));
        let behind = double.origin.trim_start_matches("http://").to_owned();
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                connections.spawn(async move {
                    // Who doesn't trust us goes away in the middle of the handshake.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut plain = TcpStream::connect(behind).await.expect("the double runs");
                    let _ = copy_bidirectional(&mut stream, &mut plain).await;
                });
            }
        });
        Self { origin, _serving: AbortOnDropHandle::new(serving) }
    }
}

/// How a turn ends that calls a provider there, and what a check of the key comes to.
async fn ask(origin: &str, ca_file: Option<PathBuf>) -> (Vec<RuntimeEvent>, ProbeOutcome) {
    let table = table_of(json!({
        "kind": "openai-compatible", "baseUrl": format!("{origin}/v1"), "models": ["model-a"], "allowPrivateNetwork": true, "caFile": ca_file,
    }));
    let entry = table.get(&house()).expect("it is in the table").clone();
    let (keys, folder) = (Keys::none(), tempfile::tempdir().expect("a temporary folder"));
    keys.place(&org(), &house(), KEY);
    let runtime = runtime(&broker(table, &keys, PATIENCE).await, folder.path().to_owned(), brisk());
    let events = finish(runtime.start(turn("hello")), willing).await;
    (events, probe(&Outbound::default(), &entry, &Secret::new(KEY.to_owned()), ProbeLimits::default()).await)
}

#[tokio::test]
async fn a_provider_is_called_where_the_operators_authority_vouches_for_it_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (ours, theirs) = (Authority::new(), Authority::new());
    let double = Double::start(Behaviour::Streams(vec![HELLO])).await;

    let good = Front::start(&double, &ours, "127.0.0.1").await;
    let (events, probed) = ask(&good.origin, Some(ours.file(&folder))).await;
    assert_eq!((events.last(), answers(&events)), (Some(&RuntimeEvent::Finished), vec!["hello"]), "{events:?}");
    assert_eq!(double.seen()[0].headers["authorization"], format!("Bearer {KEY}").as_str());
    // The double streams whatever it is asked; that it was reached is what counts.
    assert!(format!("{probed:?}").contains("protocol"), "{probed:?}");

    let asked = double.seen().len();
    let forged = Front::start(&double, &theirs, "127.0.0.1").await;
    let misnamed = Front::start(&double, &ours, "somewhere.else").await;
    for (origin, ca_file) in
        [(&forged.origin, Some(ours.file(&folder))), (&misnamed.origin, Some(ours.file(&folder))), (&good.origin, None)]
    {
        let (events, probed) = ask(origin, ca_file).await;
        assert_eq!(failure(&events), "runtime.provider_untrusted", "{events:?}");
        let ProbeOutcome::Unreachable { message, retryable: false } = probed else { panic!("not refused: {probed:?}") };
        assert!(message.contains("certificate is not trusted"), "{message}");
    }
    assert_eq!(double.seen().len(), asked, "no key went to anybody whom nobody vouches for");
}

#[tokio::test]
async fn a_file_that_vouches_for_nothing_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(check_authorities(&Authority::new().file(&folder)).is_ok());
    let path = folder.path().join("empty.pem");
    for (text, part) in [("", "holds no certificate"), ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "empty.pem")] {
        std::fs::write(&path, text).expect("our own folder");
        let refused = check_authorities(&path).expect_err("it is none").to_string();
        assert!(refused.contains(part), "{refused}");
    }
    assert!(check_authorities(&folder.path().join("absent.pem")).is_err());
}
