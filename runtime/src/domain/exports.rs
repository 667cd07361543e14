//! Which object was imported by which key, so that one guest's object stays one object.

use crate::fault::{self, Fault};
use crate::foreign::Foreign;
use crate::interface::InterfaceHash;
use crate::object::{Again, Object};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// The objects that a domain has imported, not kept alive.
#[derive(Default)]
pub(super) struct Exports {
    /// One for each interface that the object was imported as.
    by_key: HashMap<u64, SmallVec<[Entry; 1]>>,
    by_address: HashMap<usize, u64>,
}

struct Entry {
    interface: InterfaceHash,
    address: usize,
    again: Again,
    foreign: Weak<dyn Foreign>,
}

/// Another thread was first.
#[derive(Debug)]
pub(super) struct Overtaken;

impl Exports {
    fn entry(&self, key: u64, interface: InterfaceHash) -> Option<&Entry> {
        let entries = self.by_key.get(&key)?;
        entries
            .iter()
            .find(|entry| entry.interface == interface || fault::on(Fault::AnyInterface))
    }

    /// What was imported by `key` as this interface. To be asked outside the lock.
    pub(super) fn get(&self, key: u64, interface: InterfaceHash) -> Option<Again> {
        self.entry(key, interface).map(|entry| entry.again.clone())
    }

    pub(super) fn key(&self, address: usize) -> Option<u64> {
        self.by_address.get(&address).copied()
    }

    /// What it replaces is returned, to be dropped outside the lock.
    ///
    /// # Errors
    ///
    /// If what is there is not `seen`, which the caller has found to be dead: then another thread has imported the object
    /// meanwhile.
    pub(super) fn insert(
        &mut self,
        key: u64,
        object: &Object,
        again: &Again,
        foreign: Weak<dyn Foreign>,
        seen: Option<&Again>,
    ) -> Result<impl Sized + use<>, Overtaken> {
        let interface = object.interface().hash();
        if let Some(there) = self.entry(key, interface)
            // Compared as places: the caller keeps what it has seen, so no other can have its place.
            && !seen.is_some_and(|seen| Arc::ptr_eq(seen, &there.again))
        {
            return Err(Overtaken);
        }
        let address = object.dispatch().address();
        let replaced = self.remove(key, |entry| entry.interface == interface);
        self.by_address.insert(address, key);
        self.by_key.entry(key).or_default().push(Entry {
            interface,
            address,
            again: again.clone(),
            foreign,
        });
        Ok(replaced)
    }

    /// Forgets what was imported by `key` and is dead. What is alive may have been imported anew.
    pub(super) fn remove_dead(&mut self, key: u64) -> impl Sized + use<> {
        self.remove(key, |entry| entry.foreign.strong_count() == 0)
    }

    fn remove(&mut self, key: u64, is_it: impl Fn(&Entry) -> bool) -> SmallVec<[Entry; 1]> {
        let Some(entries) = self.by_key.get_mut(&key) else {
            return SmallVec::new();
        };
        let (removed, kept): (SmallVec<[Entry; 1]>, _) =
            std::mem::take(entries).into_iter().partition(is_it);
        if kept.is_empty() {
            self.by_key.remove(&key);
        } else {
            *entries = kept;
        }
        for entry in &removed {
            if self.by_address.get(&entry.address) == Some(&key) {
                self.by_address.remove(&entry.address);
            }
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.values().map(SmallVec::len).sum()
    }
}
