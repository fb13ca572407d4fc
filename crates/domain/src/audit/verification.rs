//! Walking a chain from its first seal to its head, and what is found wrong on the way.

use super::chain::{ChainHash, Seal, SealHead};
use crate::{
    ids::{AuditId, OrgId},
    timestamp::Timestamp,
};
use serde::Serialize;

/// Defects that are reported one by one; beyond it they are only counted.
const REPORTED: usize = 100;

/// Something that the chain proves wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "each says what it is; seals have numbers, rows have positions from 1")]
pub enum ChainDefect {
    #[error("seals {first} to {last} are missing")]
    SealsMissing { first: i64, last: i64 },
    #[error("seal {seal} was altered: its content does not give its hash")]
    SealAltered { seal: i64 },
    #[error("seal {seal} is not linked to the seal before it")]
    SealUnlinked { seal: i64 },
    #[error("seal {seal} begins at row {found}, not at row {expected}")]
    PositionsBroken { seal: i64, expected: i64, found: i64 },
    #[error("seal {seal} says that its rows were removed, but older rows are still there")]
    RemovedOutOfOrder { seal: i64 },
    #[error("row {position} of seal {seal} is missing")]
    RowMissing { seal: i64, position: i64 },
    #[error("row {position} of seal {seal} was altered: {event}")]
    RowAltered { seal: i64, position: i64, event: AuditId },
    #[error("row {position} of seal {seal} stood at {original} when it was sealed: {event}")]
    RowMoved { seal: i64, position: i64, original: i64, event: AuditId },
    #[error("row {position} was never sealed there: {event}")]
    RowInserted { position: i64, event: AuditId },
    #[error("the chain does not contain the seal {hash}: it was cut off or written anew")]
    HeadMissing { hash: ChainHash },
}

/// A row that says where in the chain it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedRow {
    /// Where it says it stands.
    pub position: i64,
    /// Which one it is.
    pub event: AuditId,
    /// The hash of what it holds now.
    pub hash: ChainHash,
}

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainReport {
    /// Whose log.
    pub org: OrgId,
    /// Seals in the chain.
    pub seals: u64,
    /// Rows that the seals cover and that are there.
    pub sealed_rows: u64,
    /// Rows that retention removed; the chain still proves that they were there.
    pub removed_rows: u64,
    /// Rows that wait for the sealer: nothing proves them yet.
    pub unsealed_rows: u64,
    /// The last seal. Kept elsewhere, its hash proves later that nothing up to it was rewritten.
    pub head: Option<ChainHead>,
    /// What is wrong, the first hundred.
    pub defects: Vec<ChainDefect>,
    /// How much is wrong.
    pub defect_count: u64,
}

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainHead {
    /// Number of the last seal.
    pub seal: i64,
    /// Its hash.
    pub hash: ChainHash,
    /// When it was made.
    pub sealed_at: Timestamp,
}

/// A walk along one chain. Seals are shown to it in the order of their numbers.
#[derive(Debug)]
pub struct ChainWalk {
    expected: Option<ChainHash>,
    /// The seal before.
    at: SealHead,
    /// A seal whose rows are kept was seen.
    keeps_rows: bool,
    report: ChainReport,
}

impl ChainWalk {
    /// Before the first seal. `expected` is the hash of a head that was seen earlier and must still be part of the chain.
    pub fn new(org: OrgId, expected: Option<ChainHash>) -> Self {
        let report = ChainReport {
            org,
            seals: 0,
            sealed_rows: 0,
            removed_rows: 0,
            unsealed_rows: 0,
            head: None,
            defects: Vec::new(),
            defect_count: 0,
        };
        Self { expected, at: SealHead::BEFORE_FIRST, keeps_rows: false, report }
    }

    /// Looks at the next seal, and at the rows that say they stand in it, in the order of their positions.
    pub fn seal(&mut self, seal: &Seal, rows: &[PlacedRow]) {
        // Whoever tampers may write any number.
        let (number, next, first) = (seal.number, self.at.number.saturating_add(1), self.at.last.saturating_add(1));
        if number != next {
            self.found(ChainDefect::SealsMissing { first: next, last: number.saturating_sub(1) });
        } else if seal.previous != self.at.hash {
            self.found(ChainDefect::SealUnlinked { seal: number });
        } else if seal.first != first {
            self.found(ChainDefect::PositionsBroken { seal: number, expected: first, found: seal.first });
        }
        if !seal.is_whole() || seal.computed_hash(&self.report.org) != seal.hash {
            self.found(ChainDefect::SealAltered { seal: number });
        } else if self.expected == Some(seal.hash) {
            self.expected = None;
        }
        if seal.is_removed {
            self.removed(seal, rows);
        } else {
            self.keeps_rows = true;
            if seal.is_whole() {
                self.rows(seal, rows);
            }
        }
        self.report.seals += 1;
        self.report.head = Some(ChainHead { seal: number, hash: seal.hash, sealed_at: Timestamp::from_millis(seal.sealed_at / 1000) });
        self.at = SealHead { number, last: seal.last, hash: seal.hash };
    }

    /// After the last seal: rows that claim a place that no seal has, and how many claim none.
    pub fn end(mut self, strangers: &[PlacedRow], unsealed_rows: u64) -> ChainReport {
        strangers.iter().for_each(|row| self.inserted(row));
        if let Some(hash) = self.expected {
            self.found(ChainDefect::HeadMissing { hash });
        }
        self.report.unsealed_rows = unsealed_rows;
        self.report
    }

    fn removed(&mut self, seal: &Seal, rows: &[PlacedRow]) {
        if self.keeps_rows {
            self.found(ChainDefect::RemovedOutOfOrder { seal: seal.number });
        }
        self.report.removed_rows += seal.links().len() as u64;
        rows.iter().for_each(|row| self.inserted(row));
    }

    fn rows(&mut self, seal: &Seal, rows: &[PlacedRow]) {
        let number = seal.number;
        let mut rows = rows.iter().peekable();
        for (link, position) in seal.links().zip(seal.first..) {
            while let Some(row) = rows.next_if(|row| row.position < position) {
                self.inserted(row);
            }
            let Some(row) = rows.next_if(|row| row.position == position) else {
                self.found(ChainDefect::RowMissing { seal: number, position });
                continue;
            };
            self.report.sealed_rows += 1;
            if row.hash == link {
                continue;
            }
            let original = seal.links().zip(seal.first..).find(|(link, _)| *link == row.hash).map(|(_, original)| original);
            self.found(match original {
                Some(original) => ChainDefect::RowMoved { seal: number, position, original, event: row.event },
                None => ChainDefect::RowAltered { seal: number, position, event: row.event },
            });
        }
        rows.for_each(|row| self.inserted(row));
    }

    fn inserted(&mut self, row: &PlacedRow) {
        self.found(ChainDefect::RowInserted { position: row.position, event: row.event });
    }

    fn found(&mut self, defect: ChainDefect) {
        self.report.defect_count += 1;
        if self.report.defects.len() < REPORTED {
            self.report.defects.push(defect);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::derived_uuid;
    use proptest::prelude::*;

    fn org() -> OrgId {
        OrgId::new("acme")
    }

    fn row(position: i64, content: &str) -> PlacedRow {
        let event = AuditId::from_uuid(derived_uuid(&[content]));
        let hash = crate::audit::ChainRow {
            id: event.as_uuid(),
            event_type: content,
            actor_type: "user",
            actor_id: None,
            account_id: None,
            target_type: None,
            target_id: None,
            metadata: "{}",
            created_at: 0,
        };
        PlacedRow { position, event, hash: hash.hash(&org()) }
    }

    /// A chain of seals with these numbers of rows.
    fn chain(sizes: &[i64]) -> Vec<(Seal, Vec<PlacedRow>)> {
        let mut head = SealHead::BEFORE_FIRST;
        let mut chain = Vec::new();
        for (size, minute) in sizes.iter().zip(1..) {
            let rows: Vec<_> = (head.last + 1..=head.last + size).map(|position| row(position, &position.to_string())).collect();
            let hashes: Vec<_> = rows.iter().map(|row| row.hash).collect();
            let seal = Seal::link(&org(), Some(&head), &hashes, minute * 60_000_000).expect("it has rows");
            head = SealHead { number: seal.number, last: seal.last, hash: seal.hash };
            chain.push((seal, rows));
        }
        chain
    }

    fn walk(chain: &[(Seal, Vec<PlacedRow>)], expected: Option<ChainHash>) -> ChainReport {
        let mut walk = ChainWalk::new(org(), expected);
        chain.iter().for_each(|(seal, rows)| walk.seal(seal, rows));
        walk.end(&[], 0)
    }

    #[test]
    fn an_untouched_chain_has_no_defect_and_contains_its_earlier_heads() {
        let chain = chain(&[3, 1, 2]);
        let report = walk(&chain, Some(chain[1].0.hash));
        assert_eq!((report.seals, report.sealed_rows, report.defects.as_slice()), (3, 6, [].as_slice()));
        assert_eq!(report.head.map(|head| (head.seal, head.hash)), Some((3, chain[2].0.hash)));
    }

    #[test]
    fn a_cut_tail_is_found_by_who_kept_the_head() {
        let mut chain = chain(&[3, 1, 2]);
        let (lost, _) = chain.pop().expect("three");
        assert_eq!(walk(&chain, None).defect_count, 0);
        assert_eq!(walk(&chain, Some(lost.hash)).defects, [ChainDefect::HeadMissing { hash: lost.hash }]);
    }

    #[test]
    fn rows_that_retention_removed_are_no_defect_unless_older_ones_stayed() {
        let mut chain = chain(&[3, 1, 2]);
        for at in [0, 1] {
            chain[at].0.is_removed = true;
            chain[at].1.clear();
        }
        let report = walk(&chain, None);
        assert_eq!((report.removed_rows, report.sealed_rows, report.defect_count), (4, 2, 0));
        chain[0] = self::chain(&[3]).remove(0);
        assert_eq!(walk(&chain, None).defects, [ChainDefect::RemovedOutOfOrder { seal: 2 }]);
    }

    #[test]
    fn each_way_to_tamper_is_named_with_its_place() {
        let fresh = || chain(&[3, 3]);
        let event = |content: &str| row(0, content).event;
        let mut altered = fresh();
        altered[0].1[1] = PlacedRow { event: event("2"), ..row(2, "other") };
        assert_eq!(walk(&altered, None).defects, [ChainDefect::RowAltered { seal: 1, position: 2, event: event("2") }]);
        let mut missing = fresh();
        missing[1].1.remove(2);
        assert_eq!(walk(&missing, None).defects, [ChainDefect::RowMissing { seal: 2, position: 6 }]);
        let mut swapped = fresh();
        swapped[0].1[0] = row(1, "2");
        swapped[0].1[1] = row(2, "1");
        let expected = [
            ChainDefect::RowMoved { seal: 1, position: 1, original: 2, event: event("2") },
            ChainDefect::RowMoved { seal: 1, position: 2, original: 1, event: event("1") },
        ];
        assert_eq!(walk(&swapped, None).defects, expected);
        let mut doubled = fresh();
        doubled[0].1.insert(1, row(1, "forged"));
        assert_eq!(walk(&doubled, None).defects, [ChainDefect::RowInserted { position: 1, event: event("forged") }]);
        let mut gap = fresh();
        gap.remove(0);
        assert_eq!(walk(&gap, None).defects, [ChainDefect::SealsMissing { first: 1, last: 1 }]);
        let mut rewritten = fresh();
        rewritten[0].0.sealed_at += 1;
        assert_eq!(walk(&rewritten, None).defects, [ChainDefect::SealAltered { seal: 1 }]);
        rewritten[0].0.hash = rewritten[0].0.computed_hash(&org());
        assert_eq!(walk(&rewritten, None).defects, [ChainDefect::SealUnlinked { seal: 2 }]);
        let mut truncated = fresh();
        truncated[0].0.links.pop();
        assert_eq!(walk(&truncated, None).defects[0], ChainDefect::SealAltered { seal: 1 });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_single_change_of_a_seal_goes_unseen(sizes in proptest::collection::vec(1_i64..5, 1..5), seal in any::<prop::sample::Index>(), what in 0_usize..7) {
            let mut chain = chain(&sizes);
            let last = chain.len() - 1;
            let changed = &mut chain[seal.index(sizes.len())].0;
            match what {
                0 => changed.number += 1,
                1 => changed.first += 1,
                2 => changed.last += 1,
                3 => changed.links[0] ^= 1,
                4 => changed.sealed_at -= 1,
                5 => changed.previous = ChainHash::from_bytes(&[7; 32]).expect("32 bytes"),
                _ => changed.hash = ChainHash::from_bytes(&[7; 32]).expect("32 bytes"),
            }
            let report = walk(&chain, None);
            prop_assert!(report.defect_count > 0, "{what} of {last}");
        }
    }
}
