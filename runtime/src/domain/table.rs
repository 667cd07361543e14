//! Names of objects, for guests: numbers that are never used twice.

use super::DomainId;
use crate::call_error::Limit;
use crate::fault::{self, Fault};
use crate::object::Object;
use slotmap::{Key as _, KeyData, SlotMap};
use std::collections::HashMap;
use std::fmt;

slotmap::new_key_type! {
    struct Key;
}

/// The name of an object in one domain's table.
///
/// Valid in that domain only, and until it is released. A later object has the same name only after 2³¹ others have had
/// its place in the table.
///
/// # Authority
///
/// None: it is a number. What it names is found by [`Domain::get`](crate::Domain::get), which takes the domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    domain: u64,
    key: u64,
}

impl Handle {
    /// As a number, for keeping elsewhere.
    pub fn to_bits(self) -> u128 {
        u128::from(self.domain) << 64 | u128::from(self.key)
    }

    /// What tells it from other names of the same domain.
    #[cfg(feature = "wasm")]
    pub(crate) fn key(self) -> u64 {
        self.key
    }

    /// From a number. Any number will do: one that names nothing finds nothing.
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    pub fn from_bits(bits: u128) -> Self {
        Self {
            domain: (bits >> 64) as u64,
            key: bits as u64,
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({:#x})", self.to_bits())
    }
}

/// A domain's names.
pub(super) struct Table {
    domain: DomainId,
    most: usize,
    named: SlotMap<Key, Named>,
    keys: HashMap<(usize, usize), Key>,
}

struct Named {
    object: Object,
    /// How often it was inserted and not released.
    count: u64,
}

impl Table {
    pub(super) fn new(domain: DomainId, most: usize) -> Self {
        Self {
            domain,
            most,
            named: SlotMap::with_key(),
            keys: HashMap::new(),
        }
    }

    fn handle(&self, key: Key) -> Handle {
        Handle {
            domain: self.domain.number(),
            key: key.data().as_ffi(),
        }
    }

    fn key(&self, handle: Handle) -> Option<Key> {
        if fault::on(Fault::AnyGeneration) {
            return self.key_of_any_generation(handle);
        }
        let key = KeyData::from_ffi(handle.key);
        if fault::on(Fault::AnyDomain) {
            return Some(key.into());
        }
        // Reading forgives a bit: of two numbers for one key, only the one that was given out is its name.
        let is_name = handle.domain == self.domain.number() && key.as_ffi() == handle.key;
        is_name.then(|| key.into())
    }

    /// For a fault only.
    fn key_of_any_generation(&self, handle: Handle) -> Option<Key> {
        // The place is the lower half.
        let place = |key: u64| key & u64::from(u32::MAX);
        let mut keys = self.named.keys();
        keys.find(|key| place(key.data().as_ffi()) == place(handle.key))
    }

    pub(super) fn insert(&mut self, object: &Object) -> Result<Handle, Limit> {
        let identity = object.identity();
        // The object that has the name keeps its address.
        if let Some(key) = self.keys.get(&identity)
            && let Some(named) = self.named.get_mut(*key)
        {
            named.count += 1;
            return Ok(self.handle(*key));
        }
        if self.named.len() >= self.most && !fault::on(Fault::AnyNumber) {
            return Err(Limit::Handles);
        }
        let key = self.named.insert(Named {
            object: object.clone(),
            count: 1,
        });
        self.keys.insert(identity, key);
        Ok(self.handle(key))
    }

    pub(super) fn get(&self, handle: Handle) -> Option<Object> {
        let named = self.named.get(self.key(handle)?)?;
        Some(named.object.clone())
    }

    /// Gives up one use of a name: the object that it named, of which this may be the last reference. `None` if it was no
    /// name.
    pub(super) fn release(&mut self, handle: Handle) -> Option<Object> {
        if fault::on(Fault::StrictNames) {
            self.get(handle).expect("a name");
        }
        let key = self.key(handle)?;
        let named = self.named.get_mut(key)?;
        named.count -= 1;
        if named.count > 0 || fault::on(Fault::KeepsNames) {
            return Some(named.object.clone());
        }
        let named = self.named.remove(key)?;
        self.keys.remove(&named.object.identity());
        Some(named.object)
    }

    pub(super) fn len(&self) -> usize {
        self.named.len()
    }

    /// Takes everything out.
    pub(super) fn clear(&mut self) -> Vec<Object> {
        self.keys = HashMap::new();
        self.named.drain().map(|(_, named)| named.object).collect()
    }
}
