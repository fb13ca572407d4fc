//! The demo model: an OpenAI-compatible model server without a model.
//!
//! It answers `echo: ` followed by the user's last message, and obeys the directives in that message
//! (`[[text:5]]`, `[[write:a.txt|hello]]`, …), so that a new user can try everything without a key and
//! tests can drive every path of a real provider's protocol. It keeps no state between requests.

mod answer;
mod dialect;
mod directive;
mod dropped;
mod log;
mod plan;
mod reply;
mod request;

use answer::Demo;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// How the demo model is started.
#[derive(Debug, Clone)]
pub struct DemoModelOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only key it accepts; any key if there is none.
    pub require_key: Option<String>,
    /// A file that gets one JSON line per request, with the `Authorization` header as it came.
    pub log: Option<PathBuf>,
}

/// A running demo model. Dropping it ends it and closes its connections.
pub struct DemoModel {
    /// Where it listens.
    pub address: SocketAddr,
    requests: watch::Receiver<RequestCount>,
    server: AbortOnDropHandle<()>,
}

/// How many requests came in, and how many of them are still answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// Since the start.
    pub begun: u64,
    /// Ended, by an answer or because the caller went away.
    pub ended: u64,
}

impl DemoModel {
    /// Where its API starts, as a provider's base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The count of requests, which can be watched.
    pub fn requests(&self) -> watch::Receiver<RequestCount> {
        self.requests.clone()
    }

    /// Stops it and closes its connections.
    pub async fn stop(self) {
        self.server.abort();
        let _ = self.server.await;
    }

    /// Runs until it is stopped from outside.
    pub async fn run(self) {
        let _ = self.server.await;
    }
}

/// Starts the demo model.
pub async fn start(options: DemoModelOptions) -> io::Result<DemoModel> {
    let demo = Arc::new(Demo {
        require_key: options.require_key,
        log: log::RequestLog::open(options.log.as_deref())?,
        dropped: dropped::DroppedTurns::default(),
        replies: std::sync::atomic::AtomicU64::new(1),
    });
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let (count, requests) = watch::channel(RequestCount::default());
    let server = tokio::spawn(accept(listener, demo, Arc::new(count)));
    Ok(DemoModel { address, requests, server: AbortOnDropHandle::new(server) })
}

/// Connections live in a set that ends with this task, so nothing outlives the server.
async fn accept(listener: TcpListener, demo: Arc<Demo>, count: Arc<watch::Sender<RequestCount>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&demo), Arc::clone(&count)))),
                Err(error) => {
                    // Out of file descriptors, most likely: give the others time to end.
                    tracing::warn!(%error, "the demo model can't accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, demo: Arc<Demo>, count: Arc<watch::Sender<RequestCount>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let (demo, counted) = (Arc::clone(&demo), Counted::begin(Arc::clone(&count)));
        async move {
            let response = demo.answer(request).await;
            Ok::<_, Infallible>(response.map(|body| CountedBody { body, _counted: counted }))
        }
    });
    // A caller that goes away is the usual end of a connection, not an error.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Counts a request as ended when its answer is written or abandoned.
struct Counted(Arc<watch::Sender<RequestCount>>);

impl Counted {
    fn begin(count: Arc<watch::Sender<RequestCount>>) -> Self {
        count.send_modify(|count| count.begun += 1);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.ended += 1);
    }
}

/// A body that keeps its request counted while it is written.
struct CountedBody {
    body: answer::Body,
    _counted: Counted,
}

impl http_body::Body for CountedBody {
    type Data = bytes::Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
