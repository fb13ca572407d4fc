//! The side that is dialled.

use super::{
    Introduction, PATIENCE, PROTOCOL, PrefaceError, Refusal, RefusalCode,
    lines::{Hello, MAGIC, Proof, Welcome, receive, refuse, send},
    proof::{Nonces, Role},
};
use crate::cluster::link::connection::Connection;
use tokio::time::timeout;
use uuid::Uuid;

/// A node that has proved who it is, and waits to be let in.
pub(in super::super) struct Greeted {
    pub(in super::super) node: String,
    pub(in super::super) process: Uuid,
    connection: Connection,
}

/// Hears who dials. With an error comes the name that the dialer gave, as far as it got.
pub(in super::super) async fn greet(connection: Connection, me: Introduction<'_>) -> Result<Greeted, (Option<String>, PrefaceError)> {
    let mut name = None;
    match timeout(PATIENCE, converse(connection, me, &mut name)).await.unwrap_or(Err(PrefaceError::Silence)) {
        Ok((connection, process)) => Ok(Greeted { node: name.unwrap_or_default(), process, connection }),
        Err(error) => Err((name, error)),
    }
}

async fn converse(mut connection: Connection, me: Introduction<'_>, name: &mut Option<String>) -> Result<(Connection, Uuid), PrefaceError> {
    let theirs: Hello = receive(&mut connection).await?;
    if theirs.cowork != MAGIC {
        return Err(PrefaceError::Unintelligible);
    }
    *name = Some(theirs.node.clone());
    if let Err(refusal) = theirs.compatible().and_then(|()| well_directed(&theirs, me.node)) {
        return Err(refuse(&mut connection, refusal).await);
    }
    let mut mine = Hello {
        cowork: MAGIC.into(),
        protocol: PROTOCOL,
        node: me.node.into(),
        to: None,
        program: env!("CARGO_PKG_VERSION").into(),
        process: me.process,
        nonce: me.nonce.into(),
        proof: None,
    };
    mine.proof = Some(Nonces::of(&theirs, &mine).proof(me.secret, Role::Acceptor));
    send(&mut connection, &mine).await?;
    let Proof { proof } = receive(&mut connection).await?;
    if !Nonces::of(&theirs, &mine).proves(me.secret, Role::Dialer, &proof) {
        return Err(refuse(&mut connection, Refusal::wrong_secret(me.node, &theirs.node)).await);
    }
    Ok((connection, theirs.process))
}

fn well_directed(theirs: &Hello, me: &str) -> Result<(), Refusal> {
    let node = &theirs.node;
    if node == me {
        let message = format!("this node is called {me} as well: give each node an OPEN_COWORK_CLOUD_NODE_ID of its own");
        return Err(Refusal::new(RefusalCode::DuplicateNode, message));
    }
    if let Some(to) = theirs.to.as_deref().filter(|to| *to != me) {
        let message = format!("node {me} listens here, not {to}: correct OPEN_COWORK_CLOUD_NODE_ADDRESS of one of them");
        return Err(Refusal::new(RefusalCode::UnexpectedNode, message));
    }
    if node.as_str() > me {
        let message = format!("of two nodes the one with the smaller name dials: node {me} dials {node}");
        return Err(Refusal::new(RefusalCode::UnexpectedNode, message));
    }
    Ok(())
}

impl Greeted {
    /// Lets the node in. From here on the connection carries frames.
    pub(in super::super) async fn welcome(mut self) -> Result<Connection, PrefaceError> {
        let welcome = Welcome { welcome: true };
        timeout(PATIENCE, send(&mut self.connection, &welcome)).await.unwrap_or(Err(PrefaceError::Silence))?;
        Ok(self.connection)
    }

    /// Sends the node away.
    pub(in super::super) async fn refuse(mut self, refusal: Refusal) -> PrefaceError {
        let said = refusal.clone();
        timeout(PATIENCE, refuse(&mut self.connection, refusal)).await.unwrap_or(PrefaceError::RefusedByUs(said))
    }
}
