//! Proxies by the address of their target, in the order in which they were made.
//!
//! What is made one after the other lies close together, and so does what is listed: a revoker walks proxies and targets
//! in the order of memory, for as long as none is dropped out of order. The index beside the list holds positions only,
//! and puts addresses that are close to each other close to each other.

use crate::fault::{self, Fault};
use hashbrown::HashTable;
use std::sync::Weak;

/// A list of weak references to `V`, each found by an address.
pub(crate) struct Table<V> {
    entries: Vec<(usize, Weak<V>)>,
    /// The positions of all entries; empty while there are only a few, which are looked through.
    index: HashTable<u32>,
}

/// A table has no room for a further entry: it has 2³² of them.
#[derive(Debug)]
pub(crate) struct Full;

/// So many entries need no index.
const FEW: usize = 8;
/// Below this many slots a table is left as it is.
const SMALL: usize = 64;

/// Spreads addresses by blocks of 64 units, and keeps a block together. The addresses are ours to choose, not the other
/// side's.
#[inline]
fn hash(address: usize) -> u64 {
    /// What the contents of an `Arc` are aligned to, at least, in what counts.
    const UNIT_BITS: u32 = 4;
    const BLOCK_BITS: u32 = 6;
    /// Where the index looks for the bits that tell entries of one group apart.
    const TAG_SHIFT: u32 = 57;
    let unit = address as u64 >> UNIT_BITS;
    let within = unit & ((1 << BLOCK_BITS) - 1);
    // Fibonacci hashing; the rotation brings the well-mixed high bits to where the index looks.
    let block = (unit >> BLOCK_BITS)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(26);
    block ^ within ^ (unit << TAG_SHIFT)
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            index: HashTable::new(),
        }
    }
}

impl<V> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    fn position(&self, address: usize) -> Option<usize> {
        if self.index.is_empty() || fault::on(Fault::NoIndex) {
            return self.entries.iter().position(|(at, _)| *at == address);
        }
        let entries = &self.entries;
        self.index
            .find(hash(address), |position| {
                entries[*position as usize].0 == address
            })
            .map(|position| *position as usize)
    }

    #[inline]
    pub(crate) fn get(&self, address: usize) -> Option<&Weak<V>> {
        self.position(address).map(|at| &self.entries[at].1)
    }

    /// Lists `value`, in the place of what was listed at `address` before.
    pub(crate) fn insert(&mut self, address: usize, value: Weak<V>) -> Result<(), Full> {
        if let Some(at) = self.position(address) {
            self.entries[at].1 = value;
            return Ok(());
        }
        let position = u32::try_from(self.entries.len()).map_err(|_| Full)?;
        self.entries.push((address, value));
        let entries = &self.entries;
        let hasher = |position: &u32| hash(entries[*position as usize].0);
        if !self.index.is_empty() {
            self.index.insert_unique(hash(address), position, hasher);
        } else if entries.len() > FEW {
            for position in 0..=position {
                self.index
                    .insert_unique(hasher(&position), position, hasher);
            }
        }
        Ok(())
    }

    /// Forgets what is listed at `address`, and gives room back that has become much too large.
    pub(crate) fn remove(&mut self, address: usize) -> Option<Weak<V>> {
        let at = self.position(address)?;
        let (_, removed) = self.entries.swap_remove(at);
        if !self.index.is_empty() {
            self.unlist(address, at);
        }
        let capacity = self.entries.capacity();
        if capacity > SMALL && self.entries.len() < capacity / 8 {
            let room = (2 * self.entries.len()).max(SMALL / 2);
            self.entries.shrink_to(room);
            let entries = &self.entries;
            self.index
                .shrink_to(room, |position| hash(entries[*position as usize].0));
        }
        Some(removed)
    }

    /// Corrects the index after an entry has gone from `at`, and the last one has taken its place.
    fn unlist(&mut self, address: usize, at: usize) {
        let is_at = |place: usize| move |position: &u32| *position as usize == place;
        if let Ok(entry) = self.index.find_entry(hash(address), is_at(at)) {
            entry.remove();
        }
        if let Some((moved, _)) = self.entries.get(at) {
            let last = self.entries.len();
            if let Some(position) = self.index.find_mut(hash(*moved), is_at(last)) {
                // It fits: positions only become smaller.
                *position = u32::try_from(at).unwrap_or(*position);
            }
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Weak<V>> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> impl ExactSizeIterator<Item = Weak<V>> {
        self.entries.into_iter().map(|(_, value)| value)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{FEW, SMALL, Table};
    use std::collections::HashMap;
    use std::sync::{Arc, Weak};

    /// Fails if an entry that takes another's place is not found there, or an index is not made or shrunk in step.
    #[test]
    fn table_agrees_with_a_map_whatever_is_listed_and_forgotten() {
        const STEPS: usize = if cfg!(miri) { 500 } else { 200_000 };
        let mut table = Table::<u64>::default();
        let mut map: HashMap<usize, Weak<u64>> = HashMap::new();
        let mut kept = Vec::new();
        let mut random = 1_u64;
        for step in 0..STEPS {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Growing and shrinking in turns, at strides that meet in one group of the index.
            let range = if step / 1_000 % 2 == 0 {
                600
            } else {
                FEW as u64
            };
            let stride = if step / 10_000 % 2 == 0 { 16 } else { 4_096 };
            let address = usize::try_from((random >> 33) % range * stride).expect("small");
            if (random >> 60) < 7 {
                let value = Arc::new(random);
                map.insert(address, Arc::downgrade(&value));
                table.insert(address, Arc::downgrade(&value)).expect("room");
                kept.push(value);
            } else {
                let removed = table.remove(address);
                let expected = map.remove(&address);
                assert_eq!(removed.is_some(), expected.is_some());
            }
            assert_eq!(table.len(), map.len());
            let found = table.get(address).map(Weak::as_ptr);
            assert_eq!(found, map.get(&address).map(Weak::as_ptr));
        }
        for (address, value) in &map {
            let found = table.get(*address).expect("listed");
            assert!(Weak::ptr_eq(found, value));
        }
        assert_eq!(table.into_values().len(), map.len());
    }

    /// Fails if `remove` does not give room back.
    #[test]
    fn emptied_table_takes_no_room() {
        const MANY: usize = if cfg!(miri) { 300 } else { 10_000 };
        let value = Arc::new(0);
        let mut table = Table::<u64>::default();
        for address in 0..MANY {
            table
                .insert(address * 16, Arc::downgrade(&value))
                .expect("room");
        }
        for address in 0..MANY {
            table.remove(address * 16).expect("listed");
        }
        assert!(table.entries.capacity() <= SMALL);
        assert!(table.index.capacity() <= 2 * SMALL);
    }

    /// Fails if a block is spread, or if the entries of one group cannot be told apart.
    #[test]
    fn neighbours_stay_close_and_apart() {
        let hashes: Vec<_> = (0..64)
            .map(|unit| super::hash(0x7f00_0000_0000 + 16 * unit))
            .collect();
        let blocks: std::collections::HashSet<_> =
            hashes.iter().map(|hash| hash >> 6 & 0x3FFF).collect();
        let tags: std::collections::HashSet<_> = hashes.iter().map(|hash| hash >> 57).collect();
        assert_eq!(blocks.len(), 1);
        assert_eq!(tags.len(), 64);
    }
}
