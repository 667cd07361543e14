//! What the host asks of the guest.

use crate::bindings::exports::object_membrane::guest::guest::OwnObject;
use crate::bindings::object_membrane::guest::host::{Failure, Message, Object as Lent};
use crate::bindings::object_membrane::guest::values::Node;
use crate::codec::{answer, export, read};
use crate::state::{lock, state};
use membrane::ErrorKind;
use runtime::{CallError, DynamicInterface, Value};
use std::sync::Arc;

/// The root object, as the host is told of it.
#[doc(hidden)]
pub fn start<T: ?Sized + DynamicInterface>(root: Arc<T>) -> OwnObject {
    let state = state();
    state.runtime.know::<T>();
    let object = state.side().own(root);
    let interface = object.interface().hash().to_bits();
    OwnObject {
        // The table is empty, and the domain is open.
        id: export(&object).unwrap_or(0),
        interface,
    }
}

/// Calls an object of the guest's.
#[doc(hidden)]
pub fn call(
    id: u64,
    method: u32,
    arity: u32,
    nodes: Vec<Node>,
    objects: Vec<Lent>,
) -> Result<Message, Failure> {
    answer(call_value(id, method, arity, nodes, objects))
}

fn call_value(
    id: u64,
    method: u32,
    arity: u32,
    nodes: Vec<Node>,
    objects: Vec<Lent>,
) -> Result<Value, CallError> {
    let args = read(nodes, arity, objects)?;
    let side = state().side();
    let handle = lock(&state().exported).get(&id).copied();
    let object = handle
        .and_then(|handle| side.get(handle))
        .ok_or(ErrorKind::Refused)?;
    side.call(&object, method, &args)
}

/// Gives up objects as often as the host says that it had been passed them.
#[doc(hidden)]
pub fn release(ids: &[(u64, u64)]) {
    for (id, times) in ids {
        let Some(handle) = lock(&state().exported).get(id).copied() else {
            continue;
        };
        for _ in 0..*times {
            state().side().release(handle);
        }
        if state().side().get(handle).is_none() {
            lock(&state().exported).remove(id);
        }
    }
}
