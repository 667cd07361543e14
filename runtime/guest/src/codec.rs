//! Between what is generated from `wit/guest.wit` and what `runtime` speaks.

use crate::bindings::object_membrane::guest::host::{Failure, Message, Object as Lent};
use crate::bindings::object_membrane::guest::values::{self, LentObject, OwnObject};
use crate::imports::{self, HostObject};
use crate::state::{lock, state};
use membrane::ErrorKind;
use runtime::wire::{self, Node, Reference};
use runtime::{CallError, InterfaceHash, MessageLimits, Object, Value};
use std::sync::Arc;

/// The host has limits of its own; these keep the guest from its own mistakes.
const LIMITS: MessageLimits = MessageLimits {
    bytes: usize::MAX,
    nodes: usize::MAX,
    depth: 1 << 10,
};

/// Reads what the host has sent.
pub(crate) fn read(
    nodes: Vec<values::Node>,
    count: u32,
    objects: Vec<Lent>,
) -> Result<wire::Values, CallError> {
    let mut objects: Vec<Option<Lent>> = objects.into_iter().map(Some).collect();
    let nodes = nodes.into_iter().map(node_in).collect();
    let read = wire::read(nodes, count, &LIMITS, |reference| match reference {
        Reference::Lent {
            place,
            id,
            interface,
        } => {
            let lent = objects.get_mut(usize::try_from(place).ok()?)?.take();
            imports::import(id, InterfaceHash::from_bits(interface), lent)
        }
        Reference::Own { id, .. } => {
            let handle = lock(&state().exported).get(&id).copied()?;
            state().side().get(handle)
        }
    });
    read.map_err(|_| ErrorKind::Failed.into())
}

/// What the host is to get: nodes, and the host's own objects among them.
pub(crate) fn write(
    values: impl IntoIterator<Item = Value, IntoIter: ExactSizeIterator>,
) -> Result<(Vec<values::Node>, Vec<Arc<HostObject>>), CallError> {
    let mut objects: Vec<Arc<HostObject>> = Vec::new();
    let nodes = wire::write(values, |object| refer(&object, &mut objects))?;
    Ok((nodes.into_iter().map(node_out).collect(), objects))
}

fn refer(object: &Object, objects: &mut Vec<Arc<HostObject>>) -> Result<Reference, CallError> {
    let interface = object.interface().hash().to_bits();
    let state = state();
    if let Some(id) = state.side().import_key(object)
        && let Some(lent) = imports::find(id)
    {
        let place = objects
            .iter()
            .position(|earlier| Arc::ptr_eq(earlier, &lent));
        let place = place.unwrap_or_else(|| {
            objects.push(lent);
            objects.len() - 1
        });
        return Ok(Reference::Lent {
            place: u32::try_from(place).unwrap_or(u32::MAX),
            id,
            interface,
        });
    }
    Ok(Reference::Own {
        id: export(object)?,
        interface,
    })
}

/// The number by which the host may call `object`, passed once more.
pub(crate) fn export(object: &Object) -> Result<u64, CallError> {
    let handle = state().side().insert(object)?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the lower half names it in this domain"
    )]
    let id = handle.to_bits() as u64;
    lock(&state().exported).insert(id, handle);
    Ok(id)
}

/// What a call of the host's gives.
pub(crate) fn answer(result: Result<Value, CallError>) -> Result<Message, Failure> {
    let (value, is_error) = match result {
        Ok(value) => (value, false),
        Err(CallError::Raised(value)) => (value, true),
        Err(error) => return Err(failure_out(&error)),
    };
    let (nodes, objects) = write([value]).map_err(|error| failure_out(&error))?;
    let message = Message {
        nodes,
        objects: objects.iter().map(|object| object.share()).collect(),
    };
    if is_error {
        Err(Failure::Raised(message))
    } else {
        Ok(message)
    }
}

/// What a call to the host gave.
pub(crate) fn answered(result: Result<Message, Failure>) -> Result<Value, CallError> {
    let (message, is_error) = match result {
        Ok(message) => (message, false),
        Err(Failure::Raised(message)) => (message, true),
        Err(failure) => return Err(failure_in(failure)),
    };
    let value = read(message.nodes, 1, message.objects)?
        .pop()
        .unwrap_or_default();
    if is_error {
        Err(CallError::Raised(value))
    } else {
        Ok(value)
    }
}

fn failure_out(error: &CallError) -> Failure {
    match error {
        CallError::Membrane(error) => match error.kind() {
            ErrorKind::Refused => Failure::Refused,
            ErrorKind::Revoked => Failure::Revoked(
                error
                    .reason()
                    .map(|reason| reason.as_str().to_owned())
                    .unwrap_or_default(),
            ),
            ErrorKind::Panicked => Failure::Panicked,
            ErrorKind::TooDeep => Failure::TooDeep,
            ErrorKind::Rejected => Failure::Rejected,
            ErrorKind::Exhausted => Failure::Exhausted,
            ErrorKind::Busy => Failure::Busy,
            _ => Failure::Failed,
        },
        CallError::Arguments(mismatch) => Failure::Arguments(mismatch.to_string()),
        CallError::Limit(_) => Failure::Exhausted,
        CallError::Busy => Failure::Busy,
        _ => Failure::Failed,
    }
}

fn failure_in(failure: Failure) -> CallError {
    match failure {
        Failure::Refused => ErrorKind::Refused.into(),
        Failure::Revoked(reason) => CallError::revoked(reason),
        Failure::Panicked => ErrorKind::Panicked.into(),
        Failure::TooDeep => ErrorKind::TooDeep.into(),
        Failure::Rejected => ErrorKind::Rejected.into(),
        Failure::Exhausted => ErrorKind::Exhausted.into(),
        Failure::Busy => CallError::Busy,
        Failure::Failed | Failure::Arguments(_) | Failure::Raised(_) => ErrorKind::Failed.into(),
    }
}

fn node_in(node: values::Node) -> Node {
    match node {
        values::Node::Null => Node::Null,
        values::Node::Boolean(yes) => Node::Bool(yes),
        values::Node::Integer(int) => Node::Int(int),
        values::Node::Unsigned(uint) => Node::Uint(uint),
        values::Node::Number(float) => Node::Float(float),
        values::Node::Text(text) => Node::Text(text),
        values::Node::Bytes(bytes) => Node::Bytes(bytes),
        values::Node::Items(items) => Node::Items(items),
        values::Node::Fields(fields) => {
            let pair = |field: values::Field| (field.name, field.value);
            Node::Fields(fields.into_iter().map(pair).collect())
        }
        values::Node::Lent(LentObject {
            place,
            id,
            interface,
        }) => Node::Object(Reference::Lent {
            place,
            id,
            interface,
        }),
        values::Node::Exported(OwnObject { id, interface }) => {
            Node::Object(Reference::Own { id, interface })
        }
    }
}

fn node_out(node: Node) -> values::Node {
    match node {
        Node::Null => values::Node::Null,
        Node::Bool(yes) => values::Node::Boolean(yes),
        Node::Int(int) => values::Node::Integer(int),
        Node::Uint(uint) => values::Node::Unsigned(uint),
        Node::Float(float) => values::Node::Number(float),
        Node::Text(text) => values::Node::Text(text),
        Node::Bytes(bytes) => values::Node::Bytes(bytes),
        Node::Items(items) => values::Node::Items(items),
        Node::Fields(fields) => {
            let field = |(name, value)| values::Field { name, value };
            values::Node::Fields(fields.into_iter().map(field).collect())
        }
        Node::Object(Reference::Lent {
            place,
            id,
            interface,
        }) => values::Node::Lent(LentObject {
            place,
            id,
            interface,
        }),
        Node::Object(Reference::Own { id, interface }) => {
            values::Node::Exported(OwnObject { id, interface })
        }
    }
}
