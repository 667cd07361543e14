//! From values to a pool of nodes, as [`read`](super::read) takes it.

use super::{Node, Reference};
use crate::object::Object;
use crate::value::Value;
use std::collections::VecDeque;

/// Writes a message of these values. `object` says how an object is referred to.
///
/// # Errors
///
/// The first error of `object`.
pub fn write<E>(
    values: impl IntoIterator<Item = Value, IntoIter: ExactSizeIterator>,
    mut object: impl FnMut(Object) -> Result<Reference, E>,
) -> Result<Vec<Node>, E> {
    let mut values = values.into_iter();
    let mut nodes = Vec::with_capacity(values.len());
    // Level by level: what a node refers to comes after all that was there before. Empty, and without memory, for plain values.
    let mut pending: VecDeque<Value> = VecDeque::new();
    let mut next = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let mut place = || {
        next += 1;
        next - 1
    };
    while let Some(value) = values.next().or_else(|| pending.pop_front()) {
        nodes.push(match value {
            Value::Null => Node::Null,
            Value::Bool(yes) => Node::Bool(yes),
            Value::Int(int) => Node::Int(int),
            Value::Uint(uint) => Node::Uint(uint),
            Value::Float(float) => Node::Float(float),
            Value::Text(text) => Node::Text(text.into()),
            Value::Bytes(bytes) => Node::Bytes(bytes.into()),
            Value::Object(reference) => Node::Object(object(reference)?),
            Value::List(items) => Node::Items(
                items
                    .into_iter()
                    .map(|item| {
                        pending.push_back(item);
                        place()
                    })
                    .collect(),
            ),
            Value::Record(fields) => Node::Fields(
                fields
                    .into_iter()
                    .map(|field| {
                        pending.push_back(field.value);
                        (field.name.into(), place())
                    })
                    .collect(),
            ),
        });
    }
    Ok(nodes)
}
