//! Between what the engine makes of `wit/guest.wit` and what the rest of the crate speaks.

use super::bindings::object_membrane::guest::host::{
    Description, Failure, Message, MethodDescription, ParameterDescription,
};
use super::bindings::object_membrane::guest::values::{self, LentObject, OwnObject};
use crate::call_error::CallError;
use crate::interface::InterfaceHash;
use crate::value::{MessageLimits, Value};
use crate::wire::{Node, Reference, Values};
use membrane::ErrorKind;

pub(super) type Nodes = Vec<values::Node>;

/// A pool that came from a guest.
pub(super) fn nodes_in(nodes: Nodes) -> Vec<Node> {
    nodes.into_iter().map(node_in).collect()
}

/// A pool that goes to a guest.
pub(super) fn nodes_out(nodes: Vec<Node>) -> Nodes {
    nodes.into_iter().map(node_out).collect()
}

/// The values of a message that is nothing but that many scalars. `None` for any other message, and for one that makes no
/// sense: [`wire::read`](crate::wire::read) tells the two apart.
pub(super) fn scalars_in(nodes: &Nodes, count: u32, limits: &MessageLimits) -> Option<Values> {
    let is_plain = usize::try_from(count).is_ok_and(|count| count == nodes.len());
    if !is_plain || nodes.len() > limits.nodes {
        return None;
    }
    let mut values = Values::new();
    for node in nodes {
        values.push(match *node {
            values::Node::Null => Value::Null,
            values::Node::Boolean(yes) => Value::Bool(yes),
            values::Node::Integer(int) => Value::Int(int),
            values::Node::Unsigned(uint) if i64::try_from(uint).is_err() => Value::Uint(uint),
            values::Node::Number(float) => Value::Float(float),
            _ => return None,
        });
    }
    Some(values)
}

/// The node of a scalar.
pub(super) fn scalar_out(value: &Value) -> Option<values::Node> {
    Some(match *value {
        Value::Null => values::Node::Null,
        Value::Bool(yes) => values::Node::Boolean(yes),
        Value::Int(int) => values::Node::Integer(int),
        Value::Uint(uint) => values::Node::Unsigned(uint),
        Value::Float(float) => values::Node::Number(float),
        _ => return None,
    })
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
        values::Node::Fields(fields) => Node::Fields(
            fields
                .into_iter()
                .map(|field| (field.name, field.value))
                .collect(),
        ),
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
        Node::Fields(fields) => values::Node::Fields(
            fields
                .into_iter()
                .map(|(name, value)| values::Field { name, value })
                .collect(),
        ),
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

/// What a guest is told of a call that failed, but for an error of the object's own.
pub(super) fn failure_out(error: &CallError) -> Failure {
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
            ErrorKind::Busy => Failure::Busy,
            // What the guest's world has no word for is a limit like another.
            ErrorKind::Exhausted | ErrorKind::Suspended | ErrorKind::Expired => Failure::Exhausted,
            _ => Failure::Failed,
        },
        CallError::Arguments(mismatch) => Failure::Arguments(mismatch.to_string()),
        CallError::Limit(_) => Failure::Exhausted,
        CallError::Busy => Failure::Busy,
        CallError::Raised(_) => Failure::Failed,
    }
}

/// What a guest says of a call that failed, but for an error of the object's own. A reason would be the membrane's to give; and
/// that a call did not begin is known to whoever lets calls in, not to a guest that has one.
pub(super) fn failure_in(failure: &Failure) -> CallError {
    match failure {
        Failure::Refused => ErrorKind::Refused,
        Failure::Revoked(_) => ErrorKind::Revoked,
        Failure::Panicked => ErrorKind::Panicked,
        Failure::TooDeep => ErrorKind::TooDeep,
        Failure::Rejected => ErrorKind::Rejected,
        Failure::Exhausted => ErrorKind::Exhausted,
        Failure::Busy | Failure::Failed | Failure::Arguments(_) | Failure::Raised(_) => {
            ErrorKind::Failed
        }
    }
    .into()
}

pub(super) fn description_out(
    description: &crate::describe::Description,
    hash: InterfaceHash,
) -> Description {
    Description {
        name: description.interface().into(),
        version: description.version(),
        interface: hash.to_bits(),
        doc: description.doc().into(),
        methods: description
            .methods()
            .iter()
            .map(|(number, method)| MethodDescription {
                number: *number,
                name: method.name().into(),
                doc: method.doc().into(),
                parameters: method
                    .parameters()
                    .iter()
                    .map(|parameter| ParameterDescription {
                        name: parameter.name().into(),
                        type_text: parameter.ty().to_string(),
                    })
                    .collect(),
                result_text: method.result().to_string(),
                error_text: method.error().to_string(),
            })
            .collect(),
    }
}

/// The guest's answer, as it is said and as it is asked for, are one type.
pub(super) type Answer = Result<Message, Failure>;
