//! Who should own which shard: rendezvous hashing (Thaler and Ravishankar, 1998).
//!
//! Every node computes the same answer from the same list of workers. A worker that joins takes
//! shards only from others to itself, and one that leaves gives only its own away.

use crate::ids::ShardId;

/// The worker that should own a shard; `None` without workers. Names must be distinct.
pub fn home_of<'a>(shard: ShardId, workers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    workers.into_iter().max_by_key(|worker| (weight(shard, worker), *worker))
}

/// A hash that is stable over releases and machines: FNV-1a of the name, mixed with the shard by the
/// finaliser of SplitMix64, without which neighbouring shards would land on the same worker.
fn weight(shard: ShardId, worker: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in worker.bytes().chain(shard.0.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn homes<'a>(workers: &[&'a str]) -> Vec<&'a str> {
        (0..ShardId::DEFAULT_COUNT).map(|shard| home_of(ShardId(shard), workers.iter().copied()).expect("there are workers")).collect()
    }

    #[test]
    fn shards_spread_evenly_whatever_the_nodes_are_called() {
        for workers in [["w1", "w2", "w3"], ["worker-a.example", "worker-b.example", "worker-c.example"], ["0", "1", "2"]] {
            let mut counts = HashMap::new();
            homes(&workers).into_iter().for_each(|home| *counts.entry(home).or_insert(0) += 1);
            assert!(counts.values().all(|count| (64..=110).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn only_the_shards_of_a_node_that_comes_or_goes_move() {
        let (two, three) = (homes(&["w1", "w2"]), homes(&["w1", "w2", "w3"]));
        for (before, after) in two.iter().zip(&three) {
            assert!(before == after || *after == "w3");
        }
        assert_eq!(homes(&["w3", "w1", "w2"]), three, "the order of the list doesn't matter");
        assert_eq!(home_of(ShardId(1), []), None);
    }
}
