//! AWS KMS as the PyPI package `moto` plays it, with its check of signatures, and doubles of the places where credentials come from.

use crate::{assert_guards, refusal, server::Server};
use axum::{
    Router,
    extract::Path as UrlPath,
    http::{HeaderMap, StatusCode},
    routing::{get, post, put},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// What may be asked without a signature: the four calls that set the scene.
const UNSIGNED_CALLS: &str = "4";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;

/// A running `moto`.
struct Moto {
    url: String,
    child: Child,
    http: reqwest::Client,
}

/// Who may use the key there.
struct Scene {
    key: String,
    id: String,
    secret: String,
}

impl Moto {
    /// None, with a reason on standard error, where its package can't be had.
    fn start() -> Option<Self> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let python = packages()?;
        let mut child = Command::new(python)
            .args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", UNSIGNED_CALLS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the virtual environment has a python");
        let mut said = BufReader::new(child.stderr.take().expect("piped")).lines();
        let url = said.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("Running on ")?;
            Some(rest.trim().to_owned())
        });
        // What it logs about requests must go somewhere.
        std::thread::spawn(move || said.for_each(drop));
        let http = reqwest::Client::builder().build().expect("a client can be made");
        Some(Self { url: url.expect("moto did not get ready"), child, http })
    }

    /// A user with an access key, and a KMS key.
    async fn scene(&self) -> Scene {
        let iam = async |body: String| {
            let request = self.http.post(&self.url).header("authorization", scope("iam"));
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
            request.send().await.expect("moto answers").text().await.expect("it answers in text")
        };
        iam("Action=CreateUser&Version=2010-05-08&UserName=cowork".to_owned()).await;
        let policy = reqwest::Url::parse_with_params("http://form/", [("PolicyDocument", POLICY)]).unwrap();
        let policy = policy.query().unwrap();
        iam(format!("Action=PutUserPolicy&Version=2010-05-08&UserName=cowork&PolicyName=kms&{policy}")).await;
        let access = iam("Action=CreateAccessKey&Version=2010-05-08&UserName=cowork".to_owned()).await;
        let part = |name: &str| {
            let (_, rest) = access.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {access}"));
            rest.split_once('<').expect("it ends").0.to_owned()
        };
        let request = self.http.post(&self.url).header("authorization", scope("kms")).header("x-amz-target", "TrentService.CreateKey");
        let made = request.header("content-type", "application/x-amz-json-1.1").body("{}").send().await.expect("moto answers");
        let made: Value = serde_json::from_str(&made.text().await.unwrap()).expect("it answers in JSON");
        Scene {
            key: made["KeyMetadata"]["KeyId"].as_str().expect("a key was made").to_owned(),
            id: part("AccessKeyId"),
            secret: part("SecretAccessKey"),
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// From this the server knows which service is meant.
fn scope(service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=setup/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=none")
}

/// The python of a virtual environment with the package; installed once, in a folder that is named after what is wanted.
fn packages() -> Option<PathBuf> {
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto/requirements.txt");
    let text = std::fs::read_to_string(&wanted).expect("it is checked in");
    let version: String = text.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = cache.join(&version);
    let python = |folder: &Path| folder.join("bin/python");
    if folder.join("ready").is_file() {
        return Some(python(&folder));
    }
    std::fs::create_dir_all(cache).expect("the cache can be written");
    let fresh = tempfile::Builder::new().prefix("moto-").tempdir_in(cache).expect("the cache can be written");
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output();
        output.map(|output| if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) })
    };
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(fresh.path()));
    let installed = match made {
        Ok(Ok(())) => run(Command::new(python(fresh.path())).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted)),
        other => other,
    };
    match installed {
        Ok(Ok(())) => {
            // Scripts of a virtual environment know their folder, so only its python is used, which finds its own.
            let fresh = fresh.keep();
            std::fs::write(fresh.join("ready"), "").expect("the cache can be written");
            if std::fs::rename(&fresh, &folder).is_err() {
                std::fs::remove_dir_all(&fresh).ok();
            }
            Some(python(&folder))
        }
        Ok(Err(said)) => {
            eprintln!("skipped: moto could not be installed from PyPI:\n{said}");
            None
        }
        Err(error) => {
            eprintln!("skipped: there is no python3 to run moto with: {error}");
            None
        }
    }
}

#[tokio::test]
async fn aws_kms_guards_a_key_for_whoever_signs_as_it_wants() {
    let Some(moto) = Moto::start() else { return };
    let scene = moto.scene().await;
    let reference = format!("aws-kms://{}?region=eu-west-1&endpoint={}", scene.key, moto.url);
    let given = [("AWS_ACCESS_KEY_ID", scene.id.as_str()), ("AWS_SECRET_ACCESS_KEY", scene.secret.as_str())];
    let wrapped = assert_guards(&reference, &given).await;
    let wrong = refusal(&wrapped, &[given[0], ("AWS_SECRET_ACCESS_KEY", "canary")]).await;
    assert!(wrong.starts_with("AWS KMS refused with 4") && !wrong.contains("canary"), "{wrong}");
    let mut altered = wrapped.clone();
    *altered.ciphertext.last_mut().unwrap() ^= 1;
    assert!(refusal(&altered, &given).await.starts_with("AWS KMS refused with 400"));

    let served =
        json!({ "Code": "Success", "AccessKeyId": scene.id, "SecretAccessKey": scene.secret, "Expiration": "2099-01-01T00:00:00Z" });
    let platform = Server::start(credentials(served, &scene)).await;
    let url = platform.url();
    // A machine's role, by the second version of its metadata service.
    assert_guards(&reference, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]).await;
    // A container's role.
    let full = format!("{url}/container");
    assert_guards(&reference, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &full), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in")]).await;
    assert!(
        refusal(&wrapped, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://credentials.example/")])
            .await
            .contains("only spoken to over https")
    );
    assert!(refusal(&wrapped, &[("AWS_EC2_METADATA_DISABLED", "true")]).await.contains("set AWS_ACCESS_KEY_ID"));
}

#[tokio::test]
async fn a_pod_s_identity_is_exchanged_for_credentials() {
    let scene = Scene { key: String::new(), id: "ASIA1".to_owned(), secret: "secret".to_owned() };
    let router = credentials(Value::Null, &scene).route("/kms/", post(session_only));
    let platform = Server::start(router).await;
    let url = platform.url();
    let pod = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pod.path(), "pod.jwt\n").unwrap();
    let reference = format!("aws-kms://alias/cowork?region=eu-west-1&endpoint={url}/kms");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", pod.path().to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/cowork"),
        ("AWS_ENDPOINT_URL_STS", &url),
    ];
    assert_guards(&reference, &variables).await;
}

/// A KMS that keeps what it gets, and wants the session's token under the signature.
async fn session_only(headers: HeaderMap, body: String) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = header("authorization");
    assert!(signed.contains("Credential=ASIA1/") && signed.contains("/eu-west-1/kms/aws4_request"), "{signed}");
    assert!(signed.contains("x-amz-security-token") && signed.contains("x-amz-target") && header("x-amz-security-token") == "session");
    let asked: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&asked["KeyId"], &asked["EncryptionContext"]["purpose"]),
        (&json!("alias/cowork"), &json!("open-cowork-cloud/opening-key"))
    );
    let answer = match header("x-amz-target") {
        "TrentService.Encrypt" => json!({ "CiphertextBlob": asked["Plaintext"] }),
        "TrentService.Decrypt" => json!({ "Plaintext": asked["CiphertextBlob"] }),
        other => panic!("{other}"),
    };
    (StatusCode::OK, answer.to_string())
}

/// The platform's places, and the token service.
fn credentials(served: Value, scene: &Scene) -> Router {
    let role = served.clone();
    let exchange = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{}</AccessKeyId>\
         <SecretAccessKey>{}</SecretAccessKey><SessionToken>session</SessionToken></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        scene.id, scene.secret
    );
    let is = |headers: &HeaderMap, name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    Router::new()
        .route(
            "/latest/api/token",
            put(move |headers: HeaderMap| async move {
                if is(&headers, "x-aws-ec2-metadata-token-ttl-seconds", "60") { Ok("imds") } else { Err(StatusCode::BAD_REQUEST) }
            }),
        )
        .route(
            "/latest/meta-data/iam/security-credentials/{*role}",
            get(move |UrlPath(name): UrlPath<String>, headers: HeaderMap| async move {
                if name == "the-role" && is(&headers, "x-aws-ec2-metadata-token", "imds") {
                    return Ok(role.to_string());
                }
                Err(StatusCode::UNAUTHORIZED)
            }),
        )
        .route(
            "/latest/meta-data/iam/security-credentials/",
            get(move |headers: HeaderMap| async move {
                if is(&headers, "x-aws-ec2-metadata-token", "imds") { Ok("the-role\n") } else { Err(StatusCode::UNAUTHORIZED) }
            }),
        )
        .route(
            "/container",
            get(move |headers: HeaderMap| async move {
                if is(&headers, "authorization", "let me in") { Ok(served.to_string()) } else { Err(StatusCode::UNAUTHORIZED) }
            }),
        )
        .route(
            "/",
            post(move |body: String| async move {
                let is_complete = body
                    .contains("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fcowork")
                    && body.ends_with("&RoleSessionName=open-cowork-cloud&WebIdentityToken=pod.jwt");
                if is_complete { Ok(exchange) } else { Err(StatusCode::FORBIDDEN) }
            }),
        )
}
