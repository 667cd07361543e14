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

#[cfg(test)]
mod tests {
    use super::Exports;
    use crate::call_error::CallError;
    use crate::foreign::Foreign;
    use crate::object::{Again, Object};
    use crate::runtime_handle::Runtime;
    use crate::value::Value;
    use membrane::{Error, interface};
    use std::sync::Arc;

    #[interface(dynamic)]
    trait Lamp {
        fn is_on(&self) -> Result<bool, Error>;
    }

    struct Lit;

    impl Lamp for Lit {
        fn is_on(&self) -> Result<bool, Error> {
            Ok(true)
        }
    }

    impl Foreign for Lit {
        fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
            Ok(true.into())
        }
    }

    fn insert(exports: &mut Exports, key: u64, object: &Object, foreign: &Arc<dyn Foreign>) {
        let again: Again = Arc::new(|_| None);
        let replaced = exports.insert(key, object, &again, Arc::downgrade(foreign), None);
        drop(replaced.expect("nothing is there"));
    }

    /// Fails if the address of a dead object stays, or that of a live one goes which has it from the dead one.
    #[test]
    fn address_is_remembered_as_long_as_the_object_that_has_it() {
        let lamp = Runtime::new().host().own::<dyn Lamp>(Arc::new(Lit));
        let address = lamp.dispatch().address();
        let [old, new] = [(); 2].map(|()| -> Arc<dyn Foreign> { Arc::new(Lit) });
        let mut exports = Exports::default();
        insert(&mut exports, 1, &lamp, &old);
        assert_eq!(exports.key(address), Some(1));
        drop(exports.remove_dead(1));
        assert_eq!(exports.key(address), Some(1), "it is alive");
        drop(old);
        insert(&mut exports, 2, &lamp, &new);
        drop(exports.remove_dead(1));
        assert_eq!((exports.key(address), exports.len()), (Some(2), 1));
        drop(new);
        drop(exports.remove_dead(2));
        assert_eq!((exports.key(address), exports.len()), (None, 0));
        assert!(exports.by_address.is_empty());
    }
}
