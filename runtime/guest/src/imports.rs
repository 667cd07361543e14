//! The host's objects, as the guest calls them.

use crate::bindings::object_membrane::guest::host::Object as Lent;
use crate::codec::{answered, write};
use crate::state::{lock, state};
use runtime::{CallError, Foreign, InterfaceHash, Object, Value};
use std::sync::{Arc, Weak};

/// A handle of an object of the host's. Dropping it gives the handle back.
pub(crate) struct HostObject {
    lent: Lent,
    id: u64,
}

impl HostObject {
    /// One more handle, to give away.
    pub(crate) fn share(&self) -> Lent {
        self.lent.share()
    }
}

impl Foreign for HostObject {
    fn call(&self, method: u32, args: &[Value]) -> Result<Value, CallError> {
        let (nodes, objects) = write(args.iter().cloned())?;
        let lent: Vec<&Lent> = objects.iter().map(|object| &object.lent).collect();
        let arity = u32::try_from(args.len()).unwrap_or(u32::MAX);
        answered(self.lent.call(method, arity, &nodes, &lent))
    }
}

impl Drop for HostObject {
    fn drop(&mut self) {
        state().side().forget_import(self.id);
        let mut imported = lock(&state().imported);
        if imported
            .get(&self.id)
            .is_some_and(|weak| weak.strong_count() == 0)
        {
            imported.remove(&self.id);
        }
    }
}

/// The host's object of this number: the one that the guest has already, or a new one with the handle that came.
pub(crate) fn import(id: u64, interface: InterfaceHash, lent: Option<Lent>) -> Option<Object> {
    let mut made = None;
    let mut lent = lent;
    // Twice in one message is one handle: then it is here already.
    if lent.is_none() && find(id).is_none() {
        return None;
    }
    let object = state().side().import(id, interface, || {
        let object: Arc<HostObject> = match (lent.take(), find(id)) {
            (Some(lent), _) => Arc::new(HostObject { lent, id }),
            (None, Some(object)) => object,
            (None, None) => unreachable!("looked at above, and a guest has one thread"),
        };
        made = Some(object.clone());
        object
    });
    if let Some(made) = made {
        lock(&state().imported).insert(id, Arc::downgrade(&made));
    }
    object.ok()
}

/// The object that the guest has by this number.
pub(crate) fn find(id: u64) -> Option<Arc<HostObject>> {
    lock(&state().imported).get(&id).and_then(Weak::upgrade)
}
