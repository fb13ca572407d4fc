//! The address behind a host: looked up by us, judged, and given to git, which asks no resolver again. A name that was good a
//! moment ago proves nothing.

use super::CheckoutError;
use cowork_domain::{project_source::GitUrl, provider::Reach};
use std::{net::IpAddr, time::Duration};

/// How long a resolver may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More addresses than these are of no use.
const MOST: usize = 8;

/// A host and where it is.
#[derive(Debug)]
pub(super) struct Pinned {
    /// In libcurl's notation; none for a host that is an address itself.
    resolved: Option<String>,
}

impl Pinned {
    pub(super) async fn find(url: &GitUrl, private_allowed: bool) -> Result<Self, CheckoutError> {
        let host = url.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return if Reach::of(address).is_open(private_allowed) {
                Ok(Self { resolved: None })
            } else {
                Err(CheckoutError::AddressDenied)
            };
        }
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, url.port()))).await;
        let found: Vec<IpAddr> = match found {
            Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
            _ => return Err(CheckoutError::Unreachable),
        };
        let open: Vec<String> =
            found.iter().filter(|address| Reach::of(**address).is_open(private_allowed)).take(MOST).map(shown).collect();
        match (found.is_empty(), open.is_empty()) {
            (true, _) => Err(CheckoutError::Unreachable),
            (false, true) => Err(CheckoutError::AddressDenied),
            (false, false) => Ok(Self { resolved: Some(format!("{host}:{}:{}", url.port(), open.join(","))) }),
        }
    }

    pub(super) fn resolved(&self) -> Option<&str> {
        self.resolved.as_deref()
    }
}

fn shown(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_that_leads_inside_is_refused_whatever_it_is_called() {
        let find = |url: &'static str, private| async move { Pinned::find(&GitUrl::parse(url).expect("an address"), private).await };
        for inside in
            ["https://localhost/a", "https://127.0.0.1/a", "https://[::1]/a", "https://169.254.169.254/a", "https://[::ffff:10.0.0.1]/a"]
        {
            assert!(matches!(find(inside, false).await, Err(CheckoutError::AddressDenied)), "{inside}");
        }
        assert!(matches!(find("https://169.254.169.254/a", true).await, Err(CheckoutError::AddressDenied)), "for nobody");
        let allowed = find("https://localhost:8443/a", true).await.expect("allowed");
        assert!(allowed.resolved().is_some_and(|text| text.starts_with("localhost:8443:")), "{allowed:?}");
    }
}
