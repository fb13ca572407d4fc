//! What a node remembers of many scopes, in bounded memory.

use dashmap::DashMap;
use parking_lot::Mutex;
use std::{collections::VecDeque, hash::Hash};

/// A map of at most so many entries; when it is full, the oldest goes.
pub(super) struct ScopeMap<K, V> {
    entries: DashMap<K, V>,
    /// The keys of `entries`, oldest first. Whoever holds this lock may take one of the map's; never the other way round.
    order: Mutex<VecDeque<K>>,
    most: usize,
}

impl<K: Copy + Eq + Hash, V> ScopeMap<K, V> {
    /// For at least one entry.
    pub(super) fn new(most: usize) -> Self {
        Self { entries: DashMap::new(), order: Mutex::default(), most: most.max(1) }
    }

    /// Does something with an entry that is there. `act` must not come back to this map.
    pub(super) fn with_known<R>(&self, key: K, act: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.entries.get_mut(&key).map(|mut entry| act(&mut entry))
    }

    /// Does something with an entry, which is made if it isn't there. `act` must not come back to this map.
    pub(super) fn with<R>(&self, key: K, make: impl FnOnce() -> V, act: impl FnOnce(&mut V) -> R) -> R {
        if let Some(mut entry) = self.entries.get_mut(&key) {
            return act(&mut entry);
        }
        let mut order = self.order.lock();
        let mut entry = self.entries.entry(key).or_insert_with(|| {
            order.push_back(key);
            make()
        });
        let done = act(&mut entry);
        drop(entry);
        if order.len() > self.most
            && let Some(oldest) = order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        done
    }

    /// Removes what is over.
    pub(super) fn sweep(&self, is_over: impl Fn(&V) -> bool) {
        self.order.lock().retain(|key| self.entries.remove_if(key, |_, entry| is_over(entry)).is_none());
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_forgets_the_oldest() {
        let map = ScopeMap::new(3);
        for key in 0..5 {
            map.with(key, || key * 10, |_| ());
            map.with(key, || 0, |value| *value += 1);
        }
        assert_eq!([0, 1, 2, 3, 4].map(|key| map.with_known(key, |value| *value)), [None, None, Some(21), Some(31), Some(41)]);
        map.sweep(|value| *value == 31);
        map.with(5, || 51, |_| ());
        map.with(6, || 61, |_| ());
        assert_eq!([2, 3, 4, 5, 6].map(|key| map.with_known(key, |value| *value)), [None, None, Some(41), Some(51), Some(61)]);
        assert_eq!(map.len(), 3);
    }
}
