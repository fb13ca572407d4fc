//! Who we are to AWS: from the environment, a pod's web identity, a container's role, or the machine's role.

use super::{
    ServiceError,
    reference::secure,
    surroundings::{Surroundings, read_file},
    wire::{Wire, form},
};
use aws_credential_types::Credentials;
use cowork_domain::secret::Secret;
use serde::Deserialize;

/// The addresses of platforms' own credential servers, which speak plain HTTP on a link that ends on the machine.
const CONTAINER: &str = "http://169.254.170.2";
const PLATFORM_HOSTS: [&str; 3] = ["http://169.254.170.2/", "http://169.254.170.23/", "http://[fd00:ec2::23]/"];
const MACHINE: &str = "http://169.254.169.254";
const MACHINE_ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Where credentials come from. They are short-lived, so they are fetched for every call.
pub(super) struct AwsCredentials {
    wire: Wire,
    service: &'static str,
    source: Source,
}

enum Source {
    Given(Credentials),
    WebIdentity { sts: String, role: String, session: String, token_file: String },
    Container { url: String, authorization: Option<Authorization> },
    Machine { endpoint: String },
}

enum Authorization {
    Text(Secret<String>),
    File(String),
}

/// As credential servers of the platform answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Served {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

impl AwsCredentials {
    pub(super) fn find(service: &'static str, region: &str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let source = Source::find(service, region, surroundings)?;
        Ok(Self { wire: Wire::new(service)?, service, source })
    }

    pub(super) async fn fetch(&self) -> Result<Credentials, ServiceError> {
        match &self.source {
            Source::Given(credentials) => Ok(credentials.clone()),
            Source::WebIdentity { sts, role, session, token_file } => self.assume(sts, role, session, token_file).await,
            Source::Container { url, authorization } => {
                let authorization = match authorization {
                    Some(Authorization::Text(text)) => Some(text.clone()),
                    Some(Authorization::File(path)) => Some(read_file(self.service, path)?),
                    None => None,
                };
                let served: Served = self
                    .wire
                    .json("/code", |client| {
                        let request = client.get(url);
                        Ok(match &authorization {
                            Some(text) => request.header("authorization", text.expose()),
                            None => request,
                        })
                    })
                    .await?;
                Ok(served.into())
            }
            Source::Machine { endpoint } => self.of_machine(endpoint).await,
        }
    }

    async fn assume(&self, sts: &str, role: &str, session: &str, token_file: &str) -> Result<Credentials, ServiceError> {
        let token = read_file(self.service, token_file)?;
        let body = form(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", session),
            ("WebIdentityToken", token.expose()),
        ]);
        let url = format!("{sts}/");
        let xml = self
            .wire
            .text(|client| Ok(client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body.to_vec())))
            .await?;
        let part = |name: &str| element(&xml, name).ok_or(ServiceError::Answer(self.service));
        Ok(Credentials::new(part("AccessKeyId")?, part("SecretAccessKey")?, Some(part("SessionToken")?.to_owned()), None, "web identity"))
    }

    /// Version 2 of the instance metadata service: a token first, so that a server that forwards requests can't be made to ask.
    async fn of_machine(&self, endpoint: &str) -> Result<Credentials, ServiceError> {
        let url = format!("{endpoint}/latest/api/token");
        let token = self.wire.text(|client| Ok(client.put(&url).header("x-aws-ec2-metadata-token-ttl-seconds", "60"))).await?;
        let read = |url: String| {
            let token = token.clone();
            move |client: &reqwest::Client| Ok(client.get(&url).header("x-aws-ec2-metadata-token", token.as_str()))
        };
        let roles = self.wire.text(read(format!("{endpoint}{MACHINE_ROLES}"))).await?;
        let role = roles.lines().next().map(str::trim).filter(|role| super::reference::is_path(role)).unwrap_or_default();
        if role.is_empty() {
            let what = "this machine has no role".to_owned();
            return Err(ServiceError::Credentials { service: self.service, what });
        }
        let served: Served = self.wire.json("/Code", read(format!("{endpoint}{MACHINE_ROLES}{role}"))).await?;
        Ok(served.into())
    }
}

impl Source {
    fn find(service: &'static str, region: &str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        if let (Some(id), Some(secret)) = (surroundings.variable("AWS_ACCESS_KEY_ID"), surroundings.variable("AWS_SECRET_ACCESS_KEY")) {
            let token = surroundings.variable("AWS_SESSION_TOKEN");
            return Ok(Self::Given(Credentials::new(id, secret, token, None, "environment")));
        }
        if let (Some(token_file), Some(role)) =
            (surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), surroundings.variable("AWS_ROLE_ARN"))
        {
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            let sts = surroundings.variable("AWS_ENDPOINT_URL_STS").unwrap_or_else(|| format!("https://sts.{region}.{suffix}"));
            let session = surroundings.variable("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "open-cowork-cloud".to_owned());
            return Ok(Self::WebIdentity { sts: checked(service, &sts)?, role, session, token_file });
        }
        let relative = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|uri| format!("{CONTAINER}{uri}"));
        if let Some(url) = relative.or_else(|| surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
            let is_platforms = PLATFORM_HOSTS.iter().any(|host| url.starts_with(host));
            let url = if is_platforms { url } else { checked(service, &url)? };
            let file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(Authorization::File);
            let authorization = file.or_else(|| surroundings.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Authorization::Text));
            return Ok(Self::Container { url, authorization });
        }
        if surroundings.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true")) {
            let what = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the workload a role".to_owned();
            return Err(ServiceError::Credentials { service, what });
        }
        let endpoint = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| MACHINE.to_owned());
        Ok(Self::Machine { endpoint: endpoint.trim_end_matches('/').to_owned() })
    }
}

fn checked(service: &'static str, url: &str) -> Result<String, ServiceError> {
    secure(url.trim_end_matches('/').to_owned()).map_err(|why| ServiceError::Credentials { service, what: why.to_string() })
}

impl From<Served> for Credentials {
    fn from(served: Served) -> Self {
        Self::new(served.access_key_id, served.secret_access_key, served.token, None, "platform")
    }
}

/// The text of the first element of this name. What is read with it holds no markup.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}
