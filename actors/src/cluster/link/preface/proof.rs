//! That a node knows the secret, without saying it.

use super::lines::Hello;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Whose proof it is. Part of what is proved, so that nobody can hand a node's proof back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Dialer,
    Acceptor,
}

/// What makes this connection unlike any other; the dialer's part first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nonces<'a> {
    pub(super) nodes: (&'a str, &'a str),
    pub(super) nonces: (&'a str, &'a str),
    pub(super) processes: (Uuid, Uuid),
}

impl<'a> Nonces<'a> {
    pub(super) fn of(dialer: &'a Hello, acceptor: &'a Hello) -> Self {
        Hello::nonces(dialer, acceptor)
    }

    pub(super) fn proof(&self, secret: &[u8], role: Role) -> String {
        let role: &[u8] = match role {
            Role::Dialer => b"dialer",
            Role::Acceptor => b"acceptor",
        };
        let parts = [
            b"cowork link".as_slice(),
            role,
            self.nodes.0.as_bytes(),
            self.nodes.1.as_bytes(),
            self.nonces.0.as_bytes(),
            self.nonces.1.as_bytes(),
            self.processes.0.as_bytes(),
            self.processes.1.as_bytes(),
        ];
        keyed_digest(secret, &parts)
    }

    /// Takes as long for a wrong proof as for a right one.
    pub(super) fn proves(&self, secret: &[u8], role: Role, proof: &str) -> bool {
        self.proof(secret, role).as_bytes().ct_eq(proof.as_bytes()).into()
    }
}

/// What ractor's own handshake compares. It can't differ any more when that handshake begins.
pub(in super::super) fn cookie(secret: &[u8]) -> String {
    keyed_digest(secret, &[b"cowork link cookie"])
}

/// HMAC-SHA256 over the parts, each with its length before it, so that no two lists of parts are the same text.
fn keyed_digest(secret: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCES: Nonces<'static> = Nonces { nodes: ("a", "b"), nonces: ("1", "2"), processes: (Uuid::nil(), Uuid::max()) };

    #[test]
    fn only_the_same_secret_in_the_same_role_on_the_same_connection_proves() {
        let proof = NONCES.proof(b"secret", Role::Dialer);
        assert!(NONCES.proves(b"secret", Role::Dialer, &proof));
        assert!(!NONCES.proves(b"another", Role::Dialer, &proof));
        assert!(!NONCES.proves(b"secret", Role::Acceptor, &proof), "a proof can't be handed back");
        for other in [
            Nonces { nodes: ("ab", ""), ..NONCES },
            Nonces { nonces: ("1", "3"), ..NONCES },
            Nonces { processes: (Uuid::max(), Uuid::nil()), ..NONCES },
        ] {
            assert!(!other.proves(b"secret", Role::Dialer, &proof));
        }
        assert!(!NONCES.proves(b"secret", Role::Dialer, ""));
    }
}
