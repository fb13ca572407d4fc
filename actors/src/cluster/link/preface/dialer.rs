//! The side that dials.

use super::{
    Introduction, PATIENCE, PROTOCOL, PrefaceError, Refusal, RefusalCode,
    lines::{Hello, MAGIC, Proof, Welcome, receive, refuse, send},
    proof::{Nonces, Role},
};
use crate::cluster::link::connection::Connection;
use tokio::time::timeout;
use uuid::Uuid;

/// Introduces this node to `peer`, and returns the process that answered once it has bidden welcome.
pub(in super::super) async fn introduce(connection: &mut Connection, me: Introduction<'_>, peer: &str) -> Result<Uuid, PrefaceError> {
    timeout(PATIENCE, converse(connection, me, peer)).await.unwrap_or(Err(PrefaceError::Silence))
}

async fn converse(connection: &mut Connection, me: Introduction<'_>, peer: &str) -> Result<Uuid, PrefaceError> {
    let mine = Hello {
        cowork: MAGIC.into(),
        protocol: PROTOCOL,
        node: me.node.into(),
        to: Some(peer.into()),
        program: env!("CARGO_PKG_VERSION").into(),
        process: me.process,
        nonce: me.nonce.into(),
        proof: None,
    };
    send(connection, &mine).await?;
    let theirs: Hello = receive(connection).await?;
    if theirs.cowork != MAGIC {
        return Err(PrefaceError::Unintelligible);
    }
    if let Err(refusal) = theirs.compatible() {
        return Err(refuse(connection, refusal).await);
    }
    if theirs.node != peer {
        let found = &theirs.node;
        let message = format!("node {found} answers at the address of node {peer}: correct OPEN_COWORK_CLOUD_NODE_ADDRESS of one of them");
        return Err(refuse(connection, Refusal::new(RefusalCode::UnexpectedNode, message)).await);
    }
    let nonces = Nonces::of(&mine, &theirs);
    // The other side proves first: this one tells nobody anything before it knows whom it talks with.
    if !theirs.proof.as_deref().is_some_and(|proof| nonces.proves(me.secret, Role::Acceptor, proof)) {
        return Err(refuse(connection, Refusal::wrong_secret(me.node, peer)).await);
    }
    send(connection, &Proof { proof: nonces.proof(me.secret, Role::Dialer) }).await?;
    match receive(connection).await? {
        Welcome { welcome: true } => Ok(theirs.process),
        Welcome { welcome: false } => Err(PrefaceError::Unintelligible),
    }
}
