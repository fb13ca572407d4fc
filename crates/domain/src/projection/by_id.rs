//! Entries in the order of their first event, found by id.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Deref,
};

/// What an event names again when it changes it.
pub trait Identified {
    /// Its name among its like.
    fn id(&self) -> &str;
}

/// A list that only grows, with an index: a session of ten thousand entries is folded in linear time.
///
/// Read, compared and stored as the plain list that it is.
#[derive(Debug, Clone)]
pub struct ById<T> {
    entries: Vec<T>,
    /// The latest entry with a hash of its id. Eight bytes of hash instead of the ids themselves: thousands of sessions stay in memory.
    places: HashMap<u64, u32>,
}

impl<T: Identified> ById<T> {
    /// The latest entry with this id.
    pub(super) fn named(&mut self, id: &str) -> Option<&mut T> {
        let place = usize::try_from(*self.places.get(&hash(id))?).ok()?;
        if self.entries.get(place)?.id() == id {
            return self.entries.get_mut(place);
        }
        // Two ids with one hash: the index knows the later one.
        self.entries.iter_mut().rfind(|entry| entry.id() == id)
    }

    pub(super) fn push(&mut self, entry: T) {
        let place = u32::try_from(self.entries.len()).expect("a session's log ends long before");
        self.places.insert(hash(entry.id()), place);
        self.entries.push(entry);
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Identified> FromIterator<T> for ById<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut list = Self::default();
        entries.into_iter().for_each(|entry| list.push(entry));
        list
    }
}

impl<T> Deref for ById<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T: PartialEq> PartialEq for ById<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<T: Serialize> Serialize for ById<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de, T: Identified + Deserialize<'de>> Deserialize<'de> for ById<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Entry(String);

    impl Identified for Entry {
        fn id(&self) -> &str {
            &self.0
        }
    }

    #[test]
    fn the_latest_entry_of_a_name_is_found_also_after_it_was_stored() {
        let mut list: ById<Entry> = ["a", "b", "a"].map(|id| Entry(id.into())).into_iter().collect();
        assert!(std::ptr::eq(list.named("a").expect("it is there"), &raw const list[2]));
        assert_eq!(list.named("c"), None);
        let stored = serde_json::to_string(&list).expect("it is plain data");
        assert_eq!(stored, r#"["a","b","a"]"#);
        let mut read: ById<Entry> = serde_json::from_str(&stored).expect("as it was stored");
        assert!(read == list && read.named("b").is_some());
    }

    #[test]
    fn ids_that_share_a_hash_are_told_apart() {
        let mut list: ById<Entry> = ["a", "b"].map(|id| Entry(id.into())).into_iter().collect();
        list.places.insert(hash("a"), 1);
        assert_eq!(list.named("a"), Some(&mut Entry("a".into())));
    }
}
