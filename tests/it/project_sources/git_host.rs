//! A host of repositories: HTTPS with a certificate of its own, and git's own program behind it.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    convert::Infallible,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// What the host wants to see, as `user:password` in base64; nobody needs anything without it.
type Wanted = Option<&'static str>;

pub(super) struct GitHost {
    pub(super) port: u16,
    folder: TempDir,
    _serving: AbortOnDropHandle<()>,
}

impl GitHost {
    /// With the repository `acme/site`. `/moved/…` leads to it by a redirect, and `/silent/…` never answers.
    pub(super) async fn start(wanted: Wanted) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::tempdir().expect("a folder");
        make_repository(&folder.path().join("acme/site.git"), &folder.path().join("work"));
        let key = KeyPair::generate().expect("a key");
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).and_then(|params| params.self_signed(&key)).expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).expect("they fit");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let root = folder.path().to_owned();
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, root) = (acceptor.clone(), root.clone());
                connections.spawn(async move {
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let service = service_fn(move |request| answer(root.clone(), wanted, request));
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
                });
            }
        });
        Self { port, folder, _serving: AbortOnDropHandle::new(serving) }
    }

    /// The certificate by which it is known.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }
}

fn make_repository(bare: &Path, work: &Path) {
    let git = |place: &Path, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(place).args(["-c", "user.name=Kim", "-c", "user.email=kim@acme.test"]).args(arguments);
        let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git is there");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::create_dir_all(work.join("docs")).expect("made");
    std::fs::create_dir_all(bare.parent().expect("it has one")).expect("made");
    git(work, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(work.join("README.md"), "the site of acme\n").expect("written");
    std::fs::write(work.join("docs/guide.md"), "how to\n").expect("written");
    git(work, &["add", "--all"]);
    git(work, &["commit", "--quiet", "--message=first"]);
    git(work, &["clone", "--quiet", "--bare", ".", bare.to_str().expect("text")]);
}

async fn answer(root: PathBuf, wanted: Wanted, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.starts_with("/silent/") {
        std::future::pending::<()>().await;
    }
    if let Some(rest) = path.strip_prefix("/moved/") {
        let place = format!("/{rest}?{}", request.uri().query().unwrap_or_default());
        return Ok(Response::builder().status(StatusCode::FOUND).header(header::LOCATION, place).body(Full::default()).expect("headers"));
    }
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    if wanted.is_some_and(|wanted| shown != Some(wanted)) {
        let refused = Response::builder().status(StatusCode::UNAUTHORIZED).header(header::WWW_AUTHENTICATE, "Basic realm=\"git\"");
        return Ok(refused.body(Full::default()).expect("headers"));
    }
    Ok(backend(&root, &path, request).await)
}

/// `git http-backend` speaks CGI.
async fn backend(root: &Path, path: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let said = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut command = tokio::process::Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1").env("PATH_INFO", path);
    command.env("REQUEST_METHOD", request.method().as_str()).env("QUERY_STRING", request.uri().query().unwrap_or_default());
    for (variable, name) in
        [("CONTENT_TYPE", "content-type"), ("HTTP_CONTENT_ENCODING", "content-encoding"), ("GIT_PROTOCOL", "git-protocol")]
    {
        command.env(variable, said(name));
    }
    let body = request.into_body().collect().await.expect("a body").to_bytes();
    command.env("CONTENT_LENGTH", body.len().to_string()).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().expect("git is there");
    let mut stdin = child.stdin.take().expect("piped");
    let ((), output) = tokio::join!(
        async move {
            stdin.write_all(&body).await.ok();
            drop(stdin);
        },
        child.wait_with_output()
    );
    let output = output.expect("it ends").stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        response = match name {
            "Status" => response.status(value.split(' ').next().expect("a number")),
            _ => response.header(name, value),
        };
    }
    response.body(Full::new(Bytes::copy_from_slice(&output[end + 4..]))).expect("headers")
}
