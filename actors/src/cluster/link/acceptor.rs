//! Where peers dial in. Each connection is greeted in a task of its own, so that a silent one holds up nobody.

use super::{
    StartError,
    call::{Ping, ping},
    connection::{self, Connection},
    life::{self, Introduced},
    peer::PeerLink,
    preface::{self, Greeted, PrefaceError, Refusal, RefusalCode},
    shared::Shared,
    tls,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedMutexGuard, Semaphore},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Connections that are being greeted at the same time; nodes need one each.
const GREETINGS: usize = 256;

/// A node may dial before this one has heard of it: their views of the cluster differ for a moment.
const UNTIL_KNOWN: Duration = Duration::from_secs(2);

/// The former connection of a peer has this long to go.
const UNTIL_GONE: Duration = Duration::from_secs(2);

/// After an error of the listener, which is most often a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// Accepts until the links stop.
pub(super) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let greetings = Arc::new(Semaphore::new(GREETINGS));
    while let Some(accepted) = shared.stop.run_until_cancelled(listener.accept()).await {
        let (socket, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a link can't be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        // Too many: this one is dropped, and dials again.
        let Ok(permit) = greetings.clone().try_acquire_owned() else { continue };
        let shared = shared.clone();
        shared.tasks.clone().spawn(async move {
            let greeting = admit(&shared, socket);
            let Some(admitted) = shared.stop.run_until_cancelled(greeting).await else { return };
            drop(permit);
            match admitted {
                Ok((peer, introduced, slot)) => {
                    life::carry(&shared, &peer, introduced).await;
                    drop(slot);
                }
                Err((name, error)) => shared.note_failed_greeting(name.as_deref(), from, &error),
            }
        });
    }
}

type Admitted = (Arc<PeerLink>, Introduced, OwnedMutexGuard<()>);

async fn admit(shared: &Arc<Shared>, socket: TcpStream) -> Result<Admitted, (Option<String>, PrefaceError)> {
    let connection = secure(shared, socket).await.map_err(|error| (None, error))?;
    let nonce = shared.clock.nonce();
    let greeted = preface::greet(connection, shared.introduction(&nonce)).await?;
    let name = greeted.node.clone();
    let_in(shared, greeted).await.map_err(|error| (Some(name), error))
}

async fn secure(shared: &Shared, socket: TcpStream) -> Result<Connection, PrefaceError> {
    connection::tune(&socket)?;
    let Some(tls) = &shared.tls else { return Ok(Connection::plain(socket)) };
    let acceptor = tls.acceptor().await;
    match timeout(preface::PATIENCE, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => Ok(Connection::encrypted(stream)),
        Ok(Err(error)) if tls::is_certificate_problem(&error) => {
            Err(PrefaceError::RefusedByUs(Refusal::new(RefusalCode::Certificate, error.to_string())))
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(PrefaceError::Silence),
    }
}

/// Whether a node that knows the secret may have a link.
async fn let_in(shared: &Arc<Shared>, greeted: Greeted) -> Result<Admitted, PrefaceError> {
    let Some(peer) = shared.expected(&greeted.node, UNTIL_KNOWN).await else {
        let message =
            format!("node {} doesn't expect a link with {}: is it a live member of this cluster?", shared.options.name, greeted.node);
        return Err(greeted.refuse(Refusal::new(RefusalCode::UnexpectedNode, message)).await);
    };
    let _judged = peer.admission.lock().await;
    if let Some(refusal) = lives_elsewhere(shared, &peer, greeted.process).await {
        return Err(greeted.refuse(refusal).await);
    }
    peer.dismiss();
    let Ok(slot) = timeout(UNTIL_GONE, peer.slot.clone().lock_owned()).await else {
        let message = "the former link with this node isn't gone yet: it is tried again by itself";
        return Err(greeted.refuse(Refusal::new(RefusalCode::Busy, message)).await);
    };
    let holder = peer.stop.child_token();
    peer.held_by(holder.clone());
    let process = greeted.process;
    let connection = greeted.welcome().await?;
    Ok((peer.clone(), Introduced { connection, process, is_server: true, holder }, slot))
}

/// Another process with the same name that is linked and answers: two nodes have one name. One that doesn't answer is dead, and
/// the newcomer is its next life.
async fn lives_elsewhere(shared: &Shared, peer: &PeerLink, process: Uuid) -> Option<Refusal> {
    let live = peer.live().filter(|live| live.process != process)?;
    let Ping::Answered(_) = ping(&live.gate, &shared.options.name, shared.options.heartbeat).await else { return None };
    let (name, other) = (&peer.name, live.process);
    let message = format!("another node called {name} is linked (process {other}): give each node an OPEN_COWORK_CLOUD_NODE_ID of its own");
    Some(Refusal::new(RefusalCode::DuplicateNode, message))
}
