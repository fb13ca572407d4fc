//! Where and how the front door listens.

use super::network::Network;
use super::problem::Findings;
use super::setting::{Kind, Setting, parse_host};
use super::values::Values;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const MEBIBYTE: u64 = 1024 * 1024;

pub(super) const SETTINGS: &[Setting] = &[
    // Upstream listens on every address by default and then refuses to start, because the default of the auth mode is `none`.
    // Ours is the address with which the other defaults work.
    Setting::new("HOST", Kind::Host, "address to listen on").or("127.0.0.1"),
    Setting::new("PORT", Kind::Port, "port to listen on; 0 takes any free one").or("8787"),
    Setting::new("PUBLISHED_ADDR", Kind::Host, "the address on which a container's port is published, when it differs from HOST"),
    Setting::new("PUBLIC_URL", Kind::Url, "the address under which people reach the cloud"),
    Setting::new("CORS_ORIGIN", Kind::Text, "the one foreign origin whose pages may call the API"),
    Setting::new("TRUST_PROXY_HEADERS", Kind::Flag, "take the client's address from Forwarded and X-Forwarded-For of trusted peers")
        .or("false"),
    Setting::new("TRUSTED_PROXY_CIDRS", Kind::Networks, "the peers whose proxy headers are believed"),
    Setting::new("MAX_CONNECTIONS", Kind::Count(1), "open client connections; further ones wait in the listen queue").or("10000"),
    Setting::new("MAX_BODY_BYTES", Kind::Count(1024), "replaces all body size limits of the API"),
    Setting::new("LIVENESS_PORT", Kind::Port, "port of /livez and /progressz for roles that serve no clients; 0 is off").or("0").later(),
    Setting::new("SHUTDOWN_GRACE_MS", Kind::Millis(1), "how long a stopping server waits for what is running").or("30000"),
    Setting::new(
        "DRAIN_DELAY",
        Kind::Span { least: 0, most: 600_000 },
        "how long a stopping server says that it is not ready, and still serves, so that load balancers send nobody any more",
    )
    .or("0s"),
];

/// The `server` section.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What a container publishes, if that is known.
    pub published_address: Option<IpAddr>,
    /// Where people reach us.
    pub public_url: Option<String>,
    /// The one allowed foreign origin.
    pub cors_origin: Option<String>,
    /// Whether forwarding headers count.
    pub trust_proxy_headers: bool,
    /// From whom they count.
    pub trusted_proxies: Vec<Network>,
    /// Open client connections.
    pub max_connections: usize,
    /// Sizes of request bodies.
    pub body_limits: BodyLimits,
    /// Health port of roles without a front door.
    pub liveness_port: Option<u16>,
    /// How long a stopping server waits.
    pub shutdown_grace: Duration,
    /// How long a stopping server serves on before it closes its door.
    pub drain_delay: Duration,
}

/// The largest request bodies in bytes (contract 00 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Plain JSON routes.
    pub json: u64,
    /// Buffered artifacts, session imports, project snapshots.
    pub upload: u64,
    /// Webhooks.
    pub webhook: u64,
}

impl ServerConfig {
    pub(super) fn read(values: &Values, findings: &mut Findings) -> Self {
        let address = |name: &str| values.text(name).and_then(|text| parse_host(&text));
        let host = address("HOST").unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let cors_origin = values.text("CORS_ORIGIN");
        if let Some(origin) = &cors_origin {
            check_origin(origin, findings);
        }
        let body_limits = if values.is_configured("MAX_BODY_BYTES") {
            let all = values.number("MAX_BODY_BYTES");
            BodyLimits { json: all, upload: all, webhook: all }
        } else {
            BodyLimits { json: MEBIBYTE, upload: 35 * MEBIBYTE, webhook: MEBIBYTE / 4 }
        };
        Self {
            listen: SocketAddr::new(host, values.port("PORT")),
            published_address: address("PUBLISHED_ADDR"),
            public_url: values.text("PUBLIC_URL"),
            cors_origin,
            trust_proxy_headers: values.flag("TRUST_PROXY_HEADERS"),
            trusted_proxies: values.list("TRUSTED_PROXY_CIDRS").iter().filter_map(|text| Network::parse(text)).collect(),
            max_connections: values.count("MAX_CONNECTIONS"),
            body_limits,
            liveness_port: Some(values.port("LIVENESS_PORT")).filter(|port| *port != 0),
            shutdown_grace: values.millis("SHUTDOWN_GRACE_MS"),
            drain_delay: values.span("DRAIN_DELAY"),
        }
    }

    /// Whether other machines can reach the front door, as far as we are told.
    pub fn is_exposed(&self) -> bool {
        !self.published_address.unwrap_or(self.listen.ip()).to_canonical().is_loopback()
    }
}

/// An origin is scheme, host and port: a path in it would never match what browsers send.
fn check_origin(origin: &str, findings: &mut Findings) {
    if origin == "*" {
        findings.problem(
            "OPEN_COWORK_CLOUD_CORS_ORIGIN is \"*\": name the one origin whose pages may call the API, such as https://app.example.com",
        );
        return;
    }
    let is_origin = origin.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.path().len() <= 1 && uri.query().is_none() && !origin.ends_with('/')
    });
    if !is_origin {
        findings.problem(format!("OPEN_COWORK_CLOUD_CORS_ORIGIN is \"{origin}\": expected an origin without path or closing slash, such as https://app.example.com"));
    }
}
