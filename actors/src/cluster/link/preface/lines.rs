//! The lines as they are on the wire.

use super::{PrefaceError, Refusal, RefusalCode, proof::Nonces};
use crate::cluster::link::connection::Connection;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::ErrorKind;
use uuid::Uuid;

/// Tells a hello from whatever else might come in at an open port.
pub(super) const MAGIC: &str = "link";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) cowork: String,
    pub(super) protocol: u32,
    /// Who speaks. In clear and in the first line, so that something in between can tell who dials.
    pub(super) node: String,
    /// Whom the dialer means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    /// For people: its version.
    pub(super) program: String,
    pub(super) process: Uuid,
    pub(super) nonce: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Proof {
    pub(super) proof: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Welcome {
    pub(super) welcome: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    refused: Refusal,
}

impl Hello {
    /// The one rule of versions: the same protocol. Everything else is told by fields that a neighbour doesn't know.
    pub(super) fn compatible(&self) -> Result<(), Refusal> {
        if self.protocol == super::PROTOCOL {
            return Ok(());
        }
        let (node, program, theirs) = (&self.node, &self.program, self.protocol);
        Err(Refusal::new(
            RefusalCode::IncompatibleVersion,
            format!(
                "node {node} runs {program} with link protocol {theirs}, this one runs {} with {}: update the older one",
                env!("CARGO_PKG_VERSION"),
                super::PROTOCOL,
            ),
        ))
    }

    pub(super) fn nonces<'a>(dialer: &'a Self, acceptor: &'a Self) -> Nonces<'a> {
        Nonces {
            nodes: (&dialer.node, &acceptor.node),
            nonces: (&dialer.nonce, &acceptor.nonce),
            processes: (dialer.process, acceptor.process),
        }
    }
}

pub(super) async fn receive<T: DeserializeOwned>(connection: &mut Connection) -> Result<T, PrefaceError> {
    let line = connection.read_line().await.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => PrefaceError::HungUp,
        _ => PrefaceError::Connection(error),
    })?;
    if let Ok(Refused { refused }) = serde_json::from_slice(&line) {
        return Err(PrefaceError::RefusedByPeer(refused));
    }
    serde_json::from_slice(&line).map_err(|_| PrefaceError::Unintelligible)
}

pub(super) async fn send(connection: &mut Connection, line: &impl Serialize) -> Result<(), PrefaceError> {
    connection.write_line(serde_json::to_vec(line).expect("a line serialises")).await?;
    Ok(())
}

/// Says why, as far as the other side still listens.
pub(super) async fn refuse(connection: &mut Connection, refusal: Refusal) -> PrefaceError {
    let line = Refused { refused: refusal };
    send(connection, &line).await.ok();
    PrefaceError::RefusedByUs(line.refused)
}
