//! The hash chain of an org's audit log (docs/audit.md).
//!
//! Rows are written unchained and linked in batches. A batch, once linked, is a [`Seal`]: it holds the hash of each of
//! its rows in their order (its links), and its own hash covers those, its header and the hash of the seal before. So
//! one hash, the head's, stands for the whole log.

use crate::ids::OrgId;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Bytes of a hash.
const LENGTH: usize = 32;
/// Tells hashes of rows and of seals apart from each other and from any other use of SHA-256; a change of what is
/// hashed is a new version of these.
const ROW_DOMAIN: &[u8] = b"cowork audit row 1";
const SEAL_DOMAIN: &[u8] = b"cowork audit seal 1";

/// A SHA-256 of the chain; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; LENGTH]);

impl ChainHash {
    /// What the first seal has in place of the hash of the one before.
    pub const NONE: Self = Self([0; LENGTH]);

    /// The hash as it is stored; `None` for anything but 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash as it is stored.
    pub const fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&HEXLOWER.encode_display(&self.0), formatter)
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash of the chain: expected 64 hexadecimal digits")]
pub struct ParseChainHashError;

impl FromStr for ChainHash {
    type Err = ParseChainHashError;

    fn from_str(text: &str) -> Result<Self, ParseChainHashError> {
        let mut bytes = [0; LENGTH];
        if text.len() != 2 * LENGTH || HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).is_err() {
            return Err(ParseChainHashError);
        }
        Ok(Self(bytes))
    }
}

/// A row as it is hashed: what stands in its columns, to the byte.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "they are named like the columns")]
pub struct ChainRow<'a> {
    pub id: Uuid,
    pub event_type: &'a str,
    pub actor_type: &'a str,
    pub actor_id: Option<&'a str>,
    pub account_id: Option<&'a str>,
    pub target_type: Option<&'a str>,
    pub target_id: Option<&'a str>,
    /// As the database prints it: its own form is canonical.
    pub metadata: &'a str,
    /// Microseconds since the Unix epoch, which is all that the database keeps.
    pub created_at: i64,
}

impl ChainRow<'_> {
    /// The row's hash within the log of an org.
    pub fn hash(&self, org: &OrgId) -> ChainHash {
        let mut hash = FieldHash::new(ROW_DOMAIN);
        hash.field(Some(org.as_str().as_bytes()));
        hash.field(Some(self.id.as_bytes()));
        let texts = [
            Some(self.event_type),
            Some(self.actor_type),
            self.actor_id,
            self.account_id,
            self.target_type,
            self.target_id,
            Some(self.metadata),
        ];
        for text in texts {
            hash.field(text.map(str::as_bytes));
        }
        hash.field(Some(&self.created_at.to_be_bytes()));
        hash.end()
    }
}

/// A batch of linked rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its place in the chain, from 1.
    pub number: i64,
    /// Place of its first row in the log, from 1.
    pub first: i64,
    /// Place of its last row.
    pub last: i64,
    /// The hash of each of its rows, one behind the other.
    pub links: Vec<u8>,
    /// Microseconds since the Unix epoch.
    pub sealed_at: i64,
    /// The hash of the seal before.
    pub previous: ChainHash,
    /// Its own hash.
    pub hash: ChainHash,
    /// Retention removed its rows; what stands here still links its neighbours.
    pub is_removed: bool,
}

impl Seal {
    /// Links rows behind the head of an org's chain. `None` without rows.
    pub fn link(org: &OrgId, head: Option<&SealHead>, rows: &[ChainHash], sealed_at: i64) -> Option<Self> {
        let count = i64::try_from(rows.len()).ok().filter(|count| *count > 0)?;
        let SealHead { number, last, hash: previous } = head.copied().unwrap_or(SealHead::BEFORE_FIRST);
        let links = rows.iter().flat_map(|row| row.0).collect();
        let mut seal = Self {
            number: number + 1,
            first: last + 1,
            last: last + count,
            links,
            sealed_at,
            previous,
            hash: ChainHash::NONE,
            is_removed: false,
        };
        seal.hash = seal.computed_hash(org);
        Some(seal)
    }

    /// What its hash must be.
    pub fn computed_hash(&self, org: &OrgId) -> ChainHash {
        let mut hash = FieldHash::new(SEAL_DOMAIN);
        hash.field(Some(org.as_str().as_bytes()));
        for number in [self.number, self.first, self.last, self.sealed_at] {
            hash.field(Some(&number.to_be_bytes()));
        }
        hash.field(Some(&self.links));
        hash.field(Some(&self.previous.0));
        hash.end()
    }

    /// The hashes of its rows, in order.
    pub fn links(&self) -> impl ExactSizeIterator<Item = ChainHash> {
        self.links.as_chunks::<LENGTH>().0.iter().copied().map(ChainHash)
    }

    /// Whether it holds a hash for each of its rows, and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        let count = self.last.checked_sub(self.first).and_then(|span| usize::try_from(span).ok()?.checked_add(1));
        let has_links = self.links.len().is_multiple_of(LENGTH) && count == Some(self.links.len() / LENGTH);
        has_links && self.last < i64::MAX
    }
}

/// The end of a chain, as the next seal needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealHead {
    /// Number of the last seal.
    pub number: i64,
    /// Place of its last row.
    pub last: i64,
    /// Its hash.
    pub hash: ChainHash,
}

impl SealHead {
    /// What the first seal is linked to.
    pub(super) const BEFORE_FIRST: Self = Self { number: 0, last: 0, hash: ChainHash::NONE };
}

/// Hashes fields with their lengths, so that no two lists of fields give the same bytes.
struct FieldHash(Sha256);

impl FieldHash {
    fn new(domain: &[u8]) -> Self {
        let mut hash = Self(Sha256::new());
        hash.field(Some(domain));
        hash
    }

    fn field(&mut self, bytes: Option<&[u8]>) {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        self.0.update(length.to_be_bytes());
        self.0.update(bytes.unwrap_or_default());
    }

    fn end(self) -> ChainHash {
        ChainHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: ChainRow<'static> = ChainRow {
        id: Uuid::from_u128(7),
        event_type: "command.prompt",
        actor_type: "user",
        actor_id: Some("kim"),
        account_id: Some("kim"),
        target_type: Some("session"),
        target_id: Some("ses_1"),
        metadata: r#"{"agent": "build"}"#,
        created_at: 1_790_000_000_000_000,
    };

    #[test]
    fn every_column_of_a_row_counts_and_so_does_where_one_ends() {
        let org = OrgId::new("acme");
        let hash = ROW.hash(&org);
        let others = [
            ROW.hash(&OrgId::new("other")),
            ChainRow { id: Uuid::from_u128(8), ..ROW }.hash(&org),
            ChainRow { event_type: "command.aborted", ..ROW }.hash(&org),
            ChainRow { actor_type: "system", ..ROW }.hash(&org),
            ChainRow { actor_id: None, ..ROW }.hash(&org),
            ChainRow { actor_id: Some(""), ..ROW }.hash(&org),
            ChainRow { account_id: None, ..ROW }.hash(&org),
            ChainRow { target_type: None, ..ROW }.hash(&org),
            ChainRow { target_type: Some("sessions"), target_id: Some("es_1"), ..ROW }.hash(&org),
            ChainRow { metadata: "{}", ..ROW }.hash(&org),
            ChainRow { created_at: ROW.created_at + 1, ..ROW }.hash(&org),
        ];
        assert!(others.iter().all(|other| *other != hash));
        assert_eq!(others.iter().collect::<std::collections::HashSet<_>>().len(), others.len());
    }

    /// The form is forever: a log that was sealed by one version is verified by all later ones.
    #[test]
    fn the_hashes_of_a_known_row_and_seal_never_change() {
        let org = OrgId::new("acme");
        let seal = Seal::link(&org, None, &[ROW.hash(&org)], 1_790_000_001_000_000).expect("one row");
        let expected = (
            "e4ccea47aa7bda5a2c8b0892df296085848a1d066e2d538e5b612e304aee1b4d",
            "930e94f44782257d7f07d393d0f2e9bae77d45e21dd12f618318594694d13796",
        );
        assert_eq!((ROW.hash(&org).to_string().as_str(), seal.hash.to_string().as_str()), expected);
    }

    #[test]
    fn a_hash_reads_back_what_it_prints_and_nothing_else() {
        let hash = ROW.hash(&OrgId::new("acme"));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        for wrong in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"a".repeat(65)] {
            assert_eq!(wrong.parse::<ChainHash>(), Err(ParseChainHashError), "{wrong}");
        }
    }
}
