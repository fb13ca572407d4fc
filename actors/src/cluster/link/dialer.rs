//! Dials a peer, again and again: of two nodes the one with the smaller name does.

use super::{
    connection::{self, Connection},
    life::{self, Introduced},
    peer::PeerLink,
    preface::{self, PrefaceError, Refusal, RefusalCode},
    shared::Shared,
    tls,
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// A peer that doesn't take a connection within this time is tried again.
const CONNECTING: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A link that held for so long was a good one, so its end is met with a quick try.
const GOOD: Duration = Duration::from_secs(2);

/// Dials until nobody expects the peer any more.
pub(super) async fn run(shared: Arc<Shared>, peer: Arc<PeerLink>) {
    let mut addresses = peer.address.subscribe();
    let mut pause = FIRST_PAUSE;
    while !peer.stop.is_cancelled() {
        let address = addresses.borrow_and_update().clone();
        let holder = peer.stop.child_token();
        let round = dial_and_carry(&shared, &peer, &address, &holder);
        tokio::pin!(round);
        let was_up = tokio::select! {
            was_up = &mut round => was_up,
            // It moved. What is linked at its former address ends in order.
            Ok(()) = addresses.changed() => {
                holder.cancel();
                round.await;
                pause = FIRST_PAUSE;
                continue;
            }
        };
        if was_up.is_some_and(|time| time >= GOOD) {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = sleep(shared.clock.jitter(pause)) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = peer.stop.cancelled() => {}
            Ok(()) = addresses.changed() => pause = FIRST_PAUSE,
        }
    }
}

async fn dial_and_carry(shared: &Arc<Shared>, peer: &PeerLink, address: &str, holder: &CancellationToken) -> Option<Duration> {
    let dialling = dial(shared, peer, address);
    let introduced = match holder.run_until_cancelled(dialling).await? {
        Ok((connection, process)) => Introduced { connection, process, is_server: false, holder: holder.clone() },
        Err(error) => {
            shared.note_failed_dial(peer, address, &error);
            return None;
        }
    };
    let _slot = peer.slot.lock().await;
    peer.held_by(holder.clone());
    life::carry(shared, peer, introduced).await
}

async fn dial(shared: &Arc<Shared>, peer: &PeerLink, address: &str) -> Result<(Connection, uuid::Uuid), PrefaceError> {
    let slow = || io::Error::new(io::ErrorKind::TimedOut, "nobody took the connection");
    let socket = timeout(CONNECTING, TcpStream::connect(address)).await.map_err(|_| slow())??;
    connection::tune(&socket)?;
    let mut connection = match &shared.tls {
        None => Connection::plain(socket),
        Some(tls) => {
            let connector = tls.connector().await;
            let handshake = connector.connect(tls::server_name(address), socket);
            let stream = timeout(preface::PATIENCE, handshake).await.map_err(|_| PrefaceError::Silence)?.map_err(certificate)?;
            Connection::encrypted(stream)
        }
    };
    let nonce = shared.clock.nonce();
    let introduced = preface::introduce(&mut connection, shared.introduction(&nonce), &peer.name).await;
    // With TLS 1.3 the other side looks at our certificate when our handshake is over already.
    let process = introduced.map_err(|error| match error {
        PrefaceError::Connection(error) => certificate(error),
        other => other,
    })?;
    Ok((connection, process))
}

fn certificate(error: io::Error) -> PrefaceError {
    if tls::is_certificate_problem(&error) {
        let message = format!("{error}: the certificates of both nodes must be signed by one authority, and not have expired");
        return PrefaceError::RefusedByUs(Refusal::new(RefusalCode::Certificate, message));
    }
    error.into()
}
