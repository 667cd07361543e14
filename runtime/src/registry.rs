//! The interfaces that a runtime knows, by hash: what a guest's object may say that it is.

use crate::dynamic::DynamicInterface;
use crate::fault::{self, Fault};
use crate::foreign::known;
use crate::interface::{Interface, InterfaceHash, Known};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

#[derive(Default)]
pub(crate) struct Registry(RwLock<HashMap<InterfaceHash, &'static Known>>);

impl Registry {
    /// Adds `T`, and all that its methods mention.
    pub(crate) fn know<T: ?Sized + DynamicInterface>(&self) {
        // Described outside the lock.
        let mut found: Vec<&'static Known> = vec![known::<T>()];
        let mut next = 0;
        while let Some(known) = found.get(next) {
            next += 1;
            for mention in known.interface.mentions() {
                let mentioned = mention();
                if !found.iter().any(|known| std::ptr::eq(*known, mentioned)) {
                    found.push(mentioned);
                }
            }
        }
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for known in found {
            let last = table.entry(known.interface.hash()).or_insert(known);
            if fault::on(Fault::LastKnown) {
                *last = known;
            }
        }
    }

    pub(crate) fn find(&self, hash: InterfaceHash) -> Option<&'static Known> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&hash).copied()
    }

    pub(crate) fn interfaces(&self) -> Vec<&'static Interface> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.values().map(|known| known.interface).collect()
    }
}
