//! Which object was imported by which key, so that one guest's object stays one object.

use crate::foreign::Foreign;
use crate::interface::InterfaceHash;
use crate::object::{Again, Object};
use std::collections::HashMap;
use std::sync::Weak;

/// The objects that a domain has imported, not kept alive.
#[derive(Default)]
pub(super) struct Exports {
    by_key: HashMap<u64, Entry>,
    by_address: HashMap<usize, u64>,
}

struct Entry {
    interface: InterfaceHash,
    address: usize,
    again: Again,
    foreign: Weak<dyn Foreign>,
}

impl Exports {
    /// What was imported by `key` as this interface. To be asked outside the lock.
    pub(super) fn get(&self, key: u64, interface: InterfaceHash) -> Option<Again> {
        self.by_key
            .get(&key)
            .filter(|entry| entry.interface == interface)
            .map(|entry| entry.again.clone())
    }

    pub(super) fn key(&self, address: usize) -> Option<u64> {
        self.by_address.get(&address).copied()
    }

    /// What it replaces is returned, to be dropped outside the lock.
    pub(super) fn insert(
        &mut self,
        key: u64,
        interface: InterfaceHash,
        object: &Object,
        again: Again,
        foreign: Weak<dyn Foreign>,
    ) -> Option<impl Sized + use<>> {
        let address = object.dispatch().address();
        let replaced = self.remove(key);
        self.by_address.insert(address, key);
        self.by_key.insert(
            key,
            Entry {
                interface,
                address,
                again,
                foreign,
            },
        );
        replaced
    }

    /// Forgets what was imported by `key`, unless that is alive: it may have been imported anew.
    pub(super) fn remove_dead(&mut self, key: u64) -> Option<impl Sized + use<>> {
        let entry = self.by_key.get(&key)?;
        if entry.foreign.strong_count() > 0 {
            return None;
        }
        self.remove(key)
    }

    fn remove(&mut self, key: u64) -> Option<impl Sized + use<>> {
        let entry = self.by_key.remove(&key)?;
        if self.by_address.get(&entry.address) == Some(&key) {
            self.by_address.remove(&entry.address);
        }
        Some(entry)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}
