//! Handles that are looked up once, so that counting a request costs no registry lookup and no label
//! strings.

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use parking_lot::RwLock;
use std::{sync::Arc, time::Duration};

/// Counters that belong to no single route.
pub(in crate::http) struct HttpMetrics {
    /// Streams that were cut because their reader fell too far behind.
    pub(in crate::http) streams_cut: Counter,
    /// Streams that were cut because what they were opened with was taken back.
    pub(in crate::http) revoked_streams: Counter,
    /// Requests that no route knows.
    pub(in crate::http) unmatched: RouteMetrics,
    /// Open WebSockets.
    pub(in crate::http) sockets: Gauge,
    /// Open streams on sessions.
    pub(in crate::http) session_streams: Gauge,
    /// Open streams of deliveries.
    pub(in crate::http) delivery_streams: Gauge,
    /// Open streams on workspaces.
    pub(in crate::http) workspace_streams: Gauge,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            streams_cut: counter!("cowork_sse_cut_total"),
            revoked_streams: counter!("cowork_revoked_streams_total"),
            unmatched: RouteMetrics::new("unmatched"),
            sockets: gauge!("cowork_ws_connections"),
            session_streams: gauge!("cowork_sse_streams", "kind" => "session"),
            delivery_streams: gauge!("cowork_sse_streams", "kind" => "deliveries"),
            workspace_streams: gauge!("cowork_sse_streams", "kind" => "workspace"),
        }
    }
}

/// Requests of one route; clones count together.
#[derive(Clone)]
pub(in crate::http) struct RouteMetrics(Arc<Shared>);

struct Shared {
    route: String,
    seconds: Histogram,
    /// A route answers with a handful of statuses, so a scan beats a hash map.
    requests: RwLock<Vec<(&'static str, StatusCode, Counter)>>,
}

impl RouteMetrics {
    /// For one path of the route table.
    pub(in crate::http) fn new(route: &str) -> Self {
        let seconds = histogram!("cowork_http_request_seconds", "route" => route.to_owned());
        Self(Arc::new(Shared { route: route.to_owned(), seconds, requests: RwLock::default() }))
    }

    /// Counts one answered request. For a stream that is the moment it opened.
    pub(in crate::http) fn answered(&self, method: &Method, status: StatusCode, took: Duration) {
        self.0.seconds.record(took);
        let method = method_label(method);
        let find = |requests: &[(&'static str, StatusCode, Counter)]| {
            requests.iter().find(|(seen, code, _)| *seen == method && *code == status).map(|(_, _, counter)| counter.clone())
        };
        let known = find(&self.0.requests.read());
        let counter = known.unwrap_or_else(|| {
            let mut requests = self.0.requests.write();
            find(&requests).unwrap_or_else(|| {
                let counter = counter!("cowork_http_requests_total", "route" => self.0.route.clone(),
                    "method" => method, "status" => status.as_str().to_owned());
                requests.push((method, status, counter.clone()));
                counter
            })
        });
        counter.increment(1);
    }
}

/// A client may invent methods; labels may not be invented.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
