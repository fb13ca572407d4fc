//! The way into a process's network, and the one way out of it.
//!
//! Where we may, each process has a network of its own with nothing in it but loopback. We reach into it with sockets that are made
//! there, and it reaches the models through a listener that we hold there, at the address that they have out here.

use hyper_util::rt::TokioIo;
use nix::sched::{CloneFlags, setns};
use std::{
    fs::File,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// Connecting on loopback takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that a process may have to an address of ours at a time; further ones wait. Each costs us two descriptors.
const BRIDGED: usize = 256;

/// Connects to what listens on a process's loopback.
#[derive(Clone)]
pub(super) struct Door {
    port: u16,
    network: Network,
}

#[derive(Clone)]
enum Network {
    /// It shares ours.
    Ours,
    Own(Arc<OwnNetwork>),
}

struct OwnNetwork {
    file: File,
    _bridges: Vec<AbortOnDropHandle<()>>,
}

impl Door {
    /// To a process that shares our network.
    pub(super) fn shared(port: u16) -> Self {
        Self { port, network: Network::Ours }
    }

    /// To a process in the network of another one, which may reach these addresses of ours.
    pub(super) async fn into_network_of(pid: i32, port: u16, reachable: &[SocketAddr]) -> io::Result<Self> {
        let file = File::open(format!("/proc/{pid}/ns/net"))?;
        let mut bridges = Vec::with_capacity(reachable.len());
        for address in reachable.iter().copied() {
            let inside = within(&file, move || {
                let listener = StdListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            });
            let listener = TcpListener::from_std(inside.await?)?;
            bridges.push(AbortOnDropHandle::new(tokio::spawn(bridge(listener, address))));
        }
        Ok(Self { port, network: Network::Own(Arc::new(OwnNetwork { file, _bridges: bridges })) })
    }

    async fn connect(self) -> io::Result<TcpStream> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = match &self.network {
            Network::Ours => TcpStream::connect(address).await?,
            Network::Own(own) => {
                let connected = within(&own.file, move || {
                    let stream = StdStream::connect_timeout(&address, PATIENCE)?;
                    stream.set_nonblocking(true)?;
                    Ok(stream)
                });
                TcpStream::from_std(connected.await?)?
            }
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Works in another network. A socket belongs to the network that it was made in, whoever uses it later; the thread that made it
/// has no other use and ends.
async fn within<T: Send + 'static>(network: &File, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let network = network.try_clone()?;
    let (sender, done) = oneshot::channel();
    std::thread::Builder::new().name("opencode-door".to_owned()).spawn(move || {
        let entered = setns(&network, CloneFlags::CLONE_NEWNET).map_err(io::Error::from);
        let _ = sender.send(entered.and_then(|()| work()));
    })?;
    done.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

/// Carries connections from inside to the same address out here.
async fn bridge(listener: TcpListener, address: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < BRIDGED => match accepted {
                Ok((mut inside, _)) => drop(connections.spawn(async move {
                    if let Ok(mut outside) = TcpStream::connect(address).await {
                        let _ = (inside.set_nodelay(true), outside.set_nodelay(true));
                        // Either side may go away at any time.
                        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                    }
                })),
                Err(error) => {
                    tracing::warn!(%error, "an agent's connection to its model can't be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl tower::Service<http::Uri> for Door {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { door.connect().await.map(TokioIo::new) })
    }
}
