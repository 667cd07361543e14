//! What a guest keeps: its domain, the names of what it has exported, and the host's objects that it holds.

use crate::imports::HostObject;
use runtime::{Domain, Handle, Runtime};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// The one of this guest.
pub(crate) struct State {
    pub(crate) runtime: Runtime,
    /// What the host was told of, by the number that it was told.
    pub(crate) exported: Mutex<HashMap<u64, Handle>>,
    /// The host's objects, by the number that the host gives them.
    pub(crate) imported: Mutex<HashMap<u64, Weak<HostObject>>>,
}

pub(crate) fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| State {
        runtime: Runtime::new(),
        exported: Mutex::default(),
        imported: Mutex::default(),
    })
}

impl State {
    /// The guest's own domain: everything in it is the guest's, the host's objects included, which are calls to the host.
    pub(crate) fn side(&self) -> &Domain {
        self.runtime.host()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
