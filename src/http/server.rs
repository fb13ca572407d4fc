//! The accept loop: one task per connection over hyper's HTTP/1 builder.
//!
//! It is our own because a stream costs 8 KiB less here than behind a server that can also switch to
//! HTTP/2, and because a connection must be droppable from outside: a reader that does not read
//! blocks its own task and can be told nothing.

use super::{
    connection::{Connection, Slot},
    credential_notes,
    dispatch::Dispatch,
    lingering::Lingering,
    revocation,
    served::{Served, TakeOver},
    state::HttpState,
};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use socket2::{SockRef, TcpKeepalive};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

/// After an error that is not one connection's (no file descriptors left), the loop waits this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A silent peer is probed after this time.
const PROBE_AFTER: Duration = Duration::from_secs(30);

/// A peer that takes nothing of what it is sent for so long is gone, as far as the kernel can tell: it ends the connection, and
/// with it whatever waits for the peer to read.
const STALLED: Duration = Duration::from_secs(120);

/// How a server is told to stop, and tells how far it is. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled by whoever stops it.
    pub asked: CancellationToken,
    /// Cancelled once every stream was ended. Until then they need the node that feeds them.
    pub streams_ended: CancellationToken,
}

/// Serves until it is asked to stop and the running requests have ended, or their time is up.
pub async fn serve(listener: TcpListener, state: HttpState, stop: Stop) {
    let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let dispatch = Arc::new(Dispatch::new(state.clone(), is_loopback && state.options.tier == "local"));
    let permits = Arc::new(Semaphore::new(state.options.max_connections.min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    let patience = state.options.timeouts;
    // Cancelled when the time for running requests is up: what is still open then is dropped.
    let time_is_up = CancellationToken::new();

    let accepting = async {
        loop {
            let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
            let (stream, peer) = accept(&listener).await;
            let connection = Connection::new(peer, Slot::new(permit, connections.token()));
            let http = http_builder(patience.headers);
            connections.spawn(run(http, stream, connection, dispatch.clone(), state.clone(), time_is_up.clone()));
        }
    };
    // These go on while the last requests end.
    let serves_clients = state.options.role.serves_clients();
    let _watching = serves_clients.then(|| AbortOnDropHandle::new(tokio::spawn(revocation::watch(state.clone()))));
    let noting = serves_clients.then(|| AbortOnDropHandle::new(tokio::spawn(credential_notes::keep(state.clone()))));
    tokio::select! {
        () = accepting => {}
        () = stop.asked.cancelled() => {}
    }
    drop(listener);
    let leaving = state.departures.begin(state.streams.count(), state.node.has_other_door());
    connections.close();
    let ended = async {
        tokio::time::timeout(leaving, connections.wait()).await.ok();
        stop.streams_ended.cancel();
        connections.wait().await;
    };
    if tokio::time::timeout(patience.drain, ended).await.is_err() {
        tracing::warn!(open = connections.len(), "requests were still running when their time was up");
        time_is_up.cancel();
        connections.wait().await;
    }
    drop(noting);
    if serves_clients {
        credential_notes::write(&state).await;
    }
}

fn http_builder(header_timeout: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    http
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_one_connections(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_one_connections(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

async fn run(
    http: http1::Builder,
    stream: TcpStream,
    connection: Connection,
    dispatch: Arc<Dispatch>,
    state: HttpState,
    time_is_up: CancellationToken,
) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "a socket option could not be set");
    }
    let (handler, take_over) = (connection.clone(), TakeOver::default());
    let taken_over = take_over.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let taken_over = TakeOver::suits(&request).then(|| taken_over.clone());
        // The connection keeps room for this future for as long as it lives.
        let answering = Box::pin(dispatch.clone().answer(handler.clone(), request));
        async move {
            let response = answering.await;
            match taken_over {
                None => Ok::<_, Infallible>(response),
                Some(taken_over) => match taken_over.keep(response) {
                    Some(response) => Ok(response),
                    // The stream has the connection now, and this goes with what served it before.
                    None => std::future::pending().await,
                },
            }
        }
    });
    let mut served = Served::new(http, Lingering::new(stream, connection.clone()), service, take_over);
    tokio::select! {
        biased;
        () = connection.cut().wait() => return,
        () = &mut served => return,
        () = state.closing.cancelled() => {}
    }
    if served.is_stream() {
        let turn = Box::pin(state.departures.turn());
        tokio::select! {
            biased;
            () = connection.cut().wait() => return,
            () = &mut served => return,
            () = turn => {}
        }
    }
    connection.end();
    served.wind_up();
    tokio::select! {
        biased;
        () = connection.cut().wait() => {}
        () = served => {}
        () = time_is_up.cancelled() => {}
    }
}

/// Small events must leave at once, and a peer that vanished or doesn't read must be noticed (contract 00 §9.3).
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_AFTER);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&probes)?;
    socket.set_tcp_user_timeout(Some(STALLED))
}
