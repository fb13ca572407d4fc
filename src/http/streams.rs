//! How many streams an organisation has open: SSE and WebSocket subscriptions together
//! (contract 00 §9.3).

use super::{error::ApiError, state::HttpState};
use cowork_domain::{codes::Code, ids::OrgId};
use dashmap::{DashMap, mapref::entry::Entry};
use http::StatusCode;
use metrics::Gauge;
use std::{sync::Arc, time::Duration};

/// Counts open streams per organisation.
pub(super) struct OrgStreams {
    limit: usize,
    open: Arc<DashMap<OrgId, usize>>,
}

impl OrgStreams {
    /// At most `limit` per organisation.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Arc::default() }
    }

    fn admit(&self, org: &OrgId, gauge: Gauge) -> Option<StreamPermit> {
        let mut open = self.open.entry(org.clone()).or_insert(0);
        if *open >= self.limit {
            return None;
        }
        *open += 1;
        gauge.increment(1);
        Some(StreamPermit { org: org.clone(), open: self.open.clone(), gauge })
    }
}

/// One open stream; it counts until it is dropped.
pub(super) struct StreamPermit {
    org: OrgId,
    open: Arc<DashMap<OrgId, usize>>,
    gauge: Gauge,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.gauge.decrement(1);
        if let Entry::Occupied(mut open) = self.open.entry(self.org.clone()) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

/// What a stream follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// One session.
    Session,
    /// All sessions of a user.
    Workspace,
}

/// A client that is refused a stream tries again after this.
const SOON: Duration = Duration::from_secs(1);

/// No stream opens behind a closing door. A node that drains still serves: load balancers send to it until they noticed.
pub(super) fn refuse_when_closing(state: &HttpState) -> Result<(), ApiError> {
    if state.closing.is_cancelled() {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SSE service is shutting down.");
        return Err(error.code(Code::NodeDraining).retry_after(SOON).closing());
    }
    Ok(())
}

/// Admits a new stream, or says why not.
pub(super) fn admit(state: &HttpState, org: &OrgId, kind: StreamKind) -> Result<StreamPermit, ApiError> {
    refuse_when_closing(state)?;
    let gauge = match kind {
        StreamKind::Session => &state.metrics.session_streams,
        StreamKind::Workspace => &state.metrics.workspace_streams,
    };
    state.streams.admit(org, gauge.clone()).ok_or_else(|| {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many concurrent streams for this organization.");
        error.code(Code::StreamsExceeded).retry_after(SOON).closing()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_two_admits_two_and_a_closed_stream_makes_room() {
        let streams = OrgStreams::new(2);
        let admit = |org: &str| streams.admit(&OrgId::new(org), Gauge::noop());
        let first = admit("acme").expect("one");
        let _second = admit("acme").expect("two");
        assert!(admit("acme").is_none());
        let other = admit("globex").expect("another organisation has its own count");
        drop(first);
        assert!(admit("acme").is_some());
        drop(other);
        assert!(!streams.open.contains_key(&OrgId::new("globex")), "an organisation without streams costs nothing");
    }
}
