//! What a guest can ask of the host: the functions of the WIT interface `host`.
//!
//! Each works in the guest's domain, with what that holds. A message that makes no sense is answered, a handle that is not
//! the guest's ends it.

use super::bindings::object_membrane::guest::host::{Description, Failure, Message};
use super::bindings::object_membrane::guest::values::{Node, OwnObject};
use super::convert::{
    Answer, Nodes, description_out, failure_out, nodes_in, nodes_out, scalar_out, scalars_in,
};
use super::frames;
use super::state::{Held, State};
use crate::call_error::CallError;
use crate::object::Object;
use crate::value::Value;
use crate::wire::{self, Malformed, Reference};
use membrane::ErrorKind;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime::{AsContextMut, Result, StoreContextMut};

/// How many objects the host has dropped before a guest is told in the middle of its call.
const RELEASED_AT_ONCE: usize = 1024;
const HOST: &str = "object-membrane:guest/host@0.1.0";

/// What there is to import.
pub(super) fn linker(engine: &wasmtime::Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.instance("object-membrane:guest/values@0.1.0")?;
    let mut host = linker.instance(HOST)?;
    host.resource(
        "object",
        ResourceType::host::<Held>(),
        |mut store, number| {
            let held = Resource::<Held>::new_own(number);
            // Dropped after the store is done with.
            let _released = take(store.data_mut(), held)?;
            Ok(())
        },
    )?;
    host.func_wrap("[method]object.call", call)?;
    host.func_wrap("[method]object.method", method)?;
    host.func_wrap("[method]object.describe", describe)?;
    host.func_wrap("[method]object.share", share)?;
    Ok(linker)
}

type Object1 = (Resource<Held>,);
type CallArguments = (Resource<Held>, u32, u32, Nodes, Vec<Resource<Held>>);

fn call(
    mut store: StoreContextMut<'_, State>,
    (this, method, arity, nodes, objects): CallArguments,
) -> Result<(Answer,)> {
    let state = store.data_mut();
    // The time is looked at when the guest has waited for it.
    state.check_open()?;
    let held = state.table.get_mut(&this)?;
    // In a call inside the call it is away.
    let object = held.spare.take().unwrap_or_else(|| held.object.clone());
    let limits = state.domain.message_limits();
    let mut nodes = nodes;
    let args = match scalars_in(&nodes, arity, &limits) {
        Some(args) => args,
        None => match read(
            state,
            std::mem::take(&mut nodes),
            arity,
            |state, place| Ok(state.table.get(&objects[place])?.object.clone()),
            objects.len(),
        )? {
            Ok(args) => args,
            Err(malformed) => return Ok((Err(malformed_out(&malformed)),)),
        },
    };
    let domain = state.take_domain();
    let instance = state.instance.as_ptr().addr();
    let answer = frames::wait(instance, store.as_context_mut(), || {
        // A guest has no panics: whatever the policy says, it is told.
        let call = AssertUnwindSafe(|| domain.call(&object, method, &args));
        catch_unwind(call).unwrap_or_else(|_payload| Err(ErrorKind::Panicked.into()))
    });
    // Their `Drop` may be anything: not while the answer is made.
    drop(args);
    // The place is still this object's: the engine ends a guest that drops a handle inside a call through it.
    if let Ok(held) = store.data_mut().table.get_mut(&this) {
        let _same = held.spare.replace(object);
    }
    // What a guest passes in one long call is not to pile up until it returns.
    if store.data().released.count() >= RELEASED_AT_ONCE {
        let instance = store.data().instance()?;
        instance.tell_released(store.as_context_mut())?;
    }
    let state = store.data_mut();
    state.put_domain(domain);
    // The guest may have been ended meanwhile.
    state.check_after_call()?;
    let answer = match answer {
        Ok(value) => match scalar_out(&value) {
            Some(node) => {
                // In the place of the arguments.
                nodes.clear();
                nodes.push(node);
                let objects = Vec::new();
                return Ok((Ok(Message { nodes, objects }),));
            }
            None => Ok(value),
        },
        Err(error) => Err(error),
    };
    Ok((reply(state, answer)?,))
}

#[allow(clippy::needless_pass_by_value, reason = "the engine calls it")]
fn method(
    store: StoreContextMut<'_, State>,
    (this, name): (Resource<Held>, String),
) -> Result<(Option<u32>,)> {
    let state = store.data();
    Ok((state.table.get(&this)?.object.method(&name),))
}

#[allow(clippy::needless_pass_by_value, reason = "the engine calls it")]
fn describe(store: StoreContextMut<'_, State>, (this,): Object1) -> Result<(Description,)> {
    let state = store.data();
    let object = &state.table.get(&this)?.object;
    let description = state.domain.describe(object)?;
    Ok((description_out(&description, object.interface().hash()),))
}

fn share(mut store: StoreContextMut<'_, State>, (this,): Object1) -> Result<(Resource<Held>,)> {
    let state = store.data_mut();
    let object = state.table.get(&this)?.object.clone();
    let (held, _) = hold(state, object)?;
    Ok((held,))
}

/// How often a guest refers to each object of its own, which it holds for us until it is told otherwise: also if the message
/// turns out to make no sense.
fn own_objects(nodes: &Nodes) -> Option<HashMap<u64, u64>> {
    let mut own = None;
    for node in nodes {
        if let Node::Exported(OwnObject { id, .. }) = node {
            *own.get_or_insert_with(HashMap::new).entry(*id).or_insert(0) += 1;
        }
    }
    own
}

/// Reads what a guest has sent. `lent` finds the object at a place below `places`.
///
/// # Errors
///
/// Of the outer kind, if the guest is to end; of the inner kind, if it is to be told.
pub(super) fn read(
    state: &mut State,
    nodes: Nodes,
    count: u32,
    mut lent: impl FnMut(&mut State, usize) -> Result<Object>,
    places: usize,
) -> Result<std::result::Result<wire::Values, Malformed>> {
    let limits = state.domain.message_limits();
    let mut ends = None;
    let mut unread = own_objects(&nodes);
    let values = wire::read(
        nodes_in(nodes),
        count,
        &limits,
        |reference| match reference {
            Reference::Lent { place, .. } => {
                let place = usize::try_from(place)
                    .ok()
                    .filter(|place| *place < places)?;
                lent(state, place).map_err(|error| ends = Some(error)).ok()
            }
            Reference::Own { id, interface } => {
                let instance = state.instance.upgrade()?;
                let object = instance.import(&state.domain, id, interface)?;
                // From here on its `Drop` says so.
                if let Some(times) = unread.as_mut().and_then(|unread| unread.get_mut(&id)) {
                    *times = times.saturating_sub(1);
                }
                Some(object)
            }
        },
    );
    if values.is_err() {
        for (id, times) in unread.into_iter().flatten() {
            if times > 0 {
                state.released.add(id, times);
            }
        }
    }
    match ends {
        Some(error) => Err(error),
        None => Ok(values),
    }
}

pub(super) fn malformed_out(malformed: &Malformed) -> Failure {
    match malformed {
        Malformed::Limit(_) => Failure::Exhausted,
        other => Failure::Arguments(other.to_string()),
    }
}

fn reply(state: &mut State, answer: std::result::Result<Value, CallError>) -> Result<Answer> {
    let (value, is_error) = match answer {
        Ok(value) => (value, false),
        Err(CallError::Raised(value)) => (value, true),
        Err(error) => return Ok(Err(failure_out(&error))),
    };
    Ok(match write(state, [value])? {
        Ok(message) if is_error => Err(Failure::Raised(message)),
        Ok(message) => Ok(message),
        Err(error) => Err(failure_out(&error)),
    })
}

/// Writes what a guest is to get: for each object that is not its own, a handle.
///
/// # Errors
///
/// Of the outer kind, if the guest is to end; of the inner kind, if its limits do not allow it. Handles that were made
/// before are then dropped.
pub(super) fn write(
    state: &mut State,
    values: impl IntoIterator<Item = Value, IntoIter: ExactSizeIterator>,
) -> Result<std::result::Result<Message, CallError>> {
    let mut objects: Vec<Resource<Held>> = Vec::new();
    let mut made: Option<HashMap<u64, usize>> = None;
    let written = wire::write(values, |object| {
        let interface = object.interface().hash().to_bits();
        if let Some(id) = state.domain.import_key(&object) {
            return Ok(Reference::Own { id, interface });
        }
        let (held, id) = hold(state, object)?;
        let made = made.get_or_insert_with(HashMap::new);
        let place = if let Some(place) = made.get(&id) {
            // Twice in one message is one handle.
            drop(take(state, held).map_err(|_| CallError::Limit(crate::Limit::Handles))?);
            *place
        } else {
            made.insert(id, objects.len());
            objects.push(held);
            objects.len() - 1
        };
        Ok(Reference::Lent {
            place: u32::try_from(place).unwrap_or(u32::MAX),
            id,
            interface,
        })
    });
    match written {
        Ok(nodes) => Ok(Ok(Message {
            nodes: nodes_out(nodes),
            objects,
        })),
        Err(error) => {
            for held in objects {
                drop(take(state, held)?);
            }
            Ok(Err(error))
        }
    }
}

/// Makes a handle of `object`, and says what tells it from others.
fn hold(
    state: &mut State,
    object: Object,
) -> std::result::Result<(Resource<Held>, u64), CallError> {
    let handle = state.domain.insert(&object)?;
    let domain = state.domain.clone();
    let held = Held {
        object,
        spare: None,
        handle,
    };
    match state.table.push(held) {
        Ok(held) => Ok((held, handle.key())),
        Err(_full) => {
            domain.release(handle);
            Err(CallError::Limit(crate::Limit::Handles))
        }
    }
}

/// Takes a handle from the guest.
pub(super) fn take(state: &mut State, held: Resource<Held>) -> Result<Arc<Object>> {
    // The two references are to one object: the last is the one that is returned.
    let Held { object, handle, .. } = state.table.delete(held)?;
    state.domain.release(handle);
    Ok(Arc::new(object))
}
