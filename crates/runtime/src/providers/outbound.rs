//! The way out to providers. It leads to the hosts of the provider table and nowhere else.

use super::{AuthorityError, authorities::authorities};
use bytes::Bytes;
use cowork_domain::provider::{ProviderEntry, Reach};
use http::{HeaderMap, Method, Response};
use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{collections::HashMap, error::Error, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::timeout;

const CONNECT: Duration = Duration::from_secs(10);
/// Longer than providers keep a connection open makes no sense.
const IDLE: Duration = Duration::from_mins(1);
const AGENT: &str = concat!("open-cowork-cloud/", env!("CARGO_PKG_VERSION"));

/// Connections to providers, shared by everything that calls them. Names are resolved for each new connection, and an address
/// inside is refused then: a name that was good yesterday, or a moment ago, proves nothing.
#[derive(Default)]
pub struct Outbound {
    /// Made when first needed: the system's certificates take megabytes and are needed for TLS only.
    pools: Mutex<HashMap<Pool, reqwest::Client>>,
}

/// What connections can share.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pool {
    private_allowed: bool,
    secure: bool,
    ca_file: Option<PathBuf>,
}

/// No connections can be made at all.
#[derive(Debug, thiserror::Error)]
enum PoolError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// No answer began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// The name leads inside.
    Forbidden,
    /// Nobody whom we trust vouches for its certificate.
    Untrusted,
    /// No connection.
    Refused,
    /// The connection broke.
    BrokeOff,
    /// Nothing came in time.
    Silent,
}

impl Outbound {
    /// Sends a request to a provider and waits for the head of the answer. A redirect is an answer like any other.
    pub(crate) async fn post(
        &self,
        entry: &ProviderEntry,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<Response<reqwest::Body>, Unreached> {
        self.send(entry, Method::POST, address, headers, body, patience).await
    }

    /// Fetches something from a provider.
    pub(crate) async fn get(
        &self,
        entry: &ProviderEntry,
        address: &str,
        headers: HeaderMap,
        patience: Duration,
    ) -> Result<Response<reqwest::Body>, Unreached> {
        self.send(entry, Method::GET, address, headers, Bytes::new(), patience).await
    }

    async fn send(
        &self,
        entry: &ProviderEntry,
        method: Method,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<Response<reqwest::Body>, Unreached> {
        let url = reqwest::Url::parse(address).map_err(|_| Unreached::Forbidden)?;
        // Both come from one table entry; this holds should they ever not.
        let host = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(entry.base_url.host()));
        if !host || (url.scheme() != "https" && !entry.allow_private_network) {
            return Err(Unreached::Forbidden);
        }
        let client = self.pool(entry).map_err(|error| {
            tracing::error!(%error, "no connections to model providers can be made");
            Unreached::Refused
        })?;
        let request = client.request(method, url).headers(headers).body(body);
        match timeout(patience, request.send()).await {
            Ok(Ok(answer)) => Ok(answer.into()),
            Ok(Err(error)) => Err(Unreached::of(&error)),
            Err(_) => Err(Unreached::Silent),
        }
    }

    fn pool(&self, entry: &ProviderEntry) -> Result<reqwest::Client, PoolError> {
        let (secure, ca_file) = (entry.base_url.is_secure(), entry.ca_file.clone());
        let pool = Pool { private_allowed: entry.allow_private_network, secure, ca_file };
        if let Some(client) = self.pools.lock().get(&pool) {
            return Ok(client.clone());
        }
        let client = pool.client()?;
        Ok(self.pools.lock().entry(pool).or_insert(client).clone())
    }
}

impl Pool {
    fn client(&self) -> Result<reqwest::Client, PoolError> {
        // A redirect would carry the key to another host, and so would a proxy of somebody's environment.
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(AGENT)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .dns_resolver(Arc::new(GuardedNames { private_allowed: self.private_allowed }));
        let builder = match &self.ca_file {
            _ if !self.secure => builder.http1_only().tls_certs_only([]),
            Some(file) => builder.https_only(true).tls_certs_only(authorities(file)?),
            None => builder.https_only(true),
        };
        Ok(builder.build()?)
    }
}

impl Unreached {
    fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(current) = cause {
            if current.is::<LeadsInside>() {
                return Self::Forbidden;
            }
            if is_distrust(current) {
                return Self::Untrusted;
            }
            cause = current.source();
        }
        if error.is_connect() { Self::Refused } else { Self::BrokeOff }
    }
}

/// Whether an error is about the other side's certificate. IO errors keep theirs out of the chain of causes.
fn is_distrust(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|inner| is_distrust(inner))
}

/// Resolves names to addresses that are allowed. Hosts that are addresses themselves were judged when the table was read.
struct GuardedNames {
    private_allowed: bool,
}

/// A name that leads nowhere but inside.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
struct LeadsInside;

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let private_allowed = self.private_allowed;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> = found.into_iter().filter(|address| Reach::of(address.ip()).is_open(private_allowed)).collect();
            if open.is_empty() {
                return Err(LeadsInside.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table can't know where names lead, so it is decided anew for every connection.
    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let resolve = |private_allowed| GuardedNames { private_allowed }.resolve("localhost".parse().expect("a name"));
        assert!(resolve(false).await.is_err_and(|error| error.is::<LeadsInside>()));
        assert!(resolve(true).await.is_ok_and(|mut addresses| addresses.next().is_some()));
    }
}
