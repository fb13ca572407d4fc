//! A cloud that answers what a test tells it to.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinSet};

type Body = BoxBody<Bytes, io::Error>;

/// What a request asked for.
pub(crate) struct Asked {
    /// From 0, over all connections.
    pub(crate) number: usize,
    /// Method, path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

/// An answer.
pub(crate) struct Reply {
    status: u16,
    content_type: &'static str,
    body: Body,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
        Self::new(status, "application/json", stream::iter([Ok(body)]))
    }

    /// Chunks, then a clean end.
    pub(crate) fn stream<const N: usize>(chunks: [String; N]) -> Self {
        Self::new(200, "text/event-stream", stream::iter(chunks.map(|chunk| Ok(Bytes::from(chunk)))))
    }

    /// Chunks, then the connection breaks.
    pub(crate) fn broken_stream<const N: usize>(chunks: [String; N]) -> Self {
        let sent = stream::iter(chunks.map(|chunk| Ok(Bytes::from(chunk))));
        let broken = stream::once(async {
            tokio::task::yield_now().await; // hyper flushes what it has when the body isn't ready
            Err(io::ErrorKind::ConnectionReset.into())
        });
        Self::new(200, "text/event-stream", sent.chain(broken))
    }

    /// Headers, and then nothing for ever.
    pub(crate) fn silent_stream() -> Self {
        Self::new(200, "text/event-stream", stream::pending())
    }

    fn new(status: u16, content_type: &'static str, chunks: impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static) -> Self {
        Self { status, content_type, body: BodyExt::boxed(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data)))) }
    }
}

/// The server; stops when dropped.
pub(crate) struct FakeCloud {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    accepting: JoinSet<()>,
}

impl FakeCloud {
    pub(crate) async fn start(answer: impl Fn(Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&connections), Arc::new(answer)));
        Self { address, connections, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) async fn stop(mut self) {
        self.accepting.shutdown().await;
    }
}

async fn accept(listener: TcpListener, connections: Arc<AtomicUsize>, answer: Arc<impl Fn(Asked) -> Reply + Send + Sync + 'static>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let mut serving = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
        let service = service_fn(move |request: Request<Incoming>| {
            let number = requests.fetch_add(1, Ordering::SeqCst);
            let asked = Asked { number, target: format!("{} {}", request.method(), request.uri()), headers: request.headers().clone() };
            let reply = answer(asked);
            async move {
                request.into_body().collect().await.ok(); // an unread body would close the connection
                let response = Response::builder().status(reply.status).header("content-type", reply.content_type).body(reply.body);
                Ok::<_, Infallible>(response.expect("a valid answer"))
            }
        });
        serving.spawn(async move {
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await.ok();
        });
    }
}
