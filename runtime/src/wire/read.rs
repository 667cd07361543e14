//! From a pool of nodes to values. Whoever wrote the pool is not trusted.

use super::{Node, Reference};
use crate::call_error::Limit;
use crate::object::Object;
use crate::value::{Field, MessageLimits, Value};
use smallvec::SmallVec;
use std::collections::HashSet;
use std::fmt;

/// Why a pool of nodes is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// There are fewer nodes than values.
    Missing {
        /// The values that there should be.
        values: u32,
        /// The nodes that there are.
        nodes: usize,
    },
    /// A node refers to one that is not after it.
    Backward {
        /// The node.
        node: usize,
        /// What it refers to.
        to: u32,
    },
    /// Two nodes refer to one, or a node to one of the values.
    Shared(u32),
    /// No node refers to this one.
    Unused(usize),
    /// A record has two fields of this name.
    TwoFields(String),
    /// An integer that has a shorter form.
    LongInteger(u64),
    /// An object that was not there, or of an interface that is not known.
    NoObject(Reference),
    /// The message is larger than it may be.
    Limit(Limit),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { values, nodes } => write!(f, "{values} values, but {nodes} nodes"),
            Self::Backward { node, to } => {
                write!(f, "node {node} refers to {to}, which is not after it")
            }
            Self::Shared(node) => write!(f, "node {node} is referred to once too often"),
            Self::Unused(node) => write!(f, "no node refers to {node}"),
            Self::TwoFields(name) => write!(f, "two fields {name:?} in one record"),
            Self::LongInteger(value) => write!(f, "{value} is to be a signed integer"),
            Self::NoObject(Reference::Lent { place, .. }) => {
                write!(f, "there is no lent object {place}")
            }
            Self::NoObject(Reference::Own { id, interface }) => {
                write!(
                    f,
                    "own object {id}: the interface {interface:016x} is not known here"
                )
            }
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

impl std::error::Error for Malformed {}

impl From<Limit> for Malformed {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

/// Up to four values lie on the stack.
pub type Values = SmallVec<[Value; 4]>;

/// Reads a message of `count` values. `object` finds the object of a reference.
///
/// # Errors
///
/// The first thing that is wrong. Objects that were found before are dropped.
pub fn read(
    nodes: Vec<Node>,
    count: u32,
    limits: &MessageLimits,
    object: impl FnMut(Reference) -> Option<Object>,
) -> Result<Values, Malformed> {
    let values = usize::try_from(count).unwrap_or(usize::MAX);
    if nodes.len() < values {
        return Err(Malformed::Missing {
            values: count,
            nodes: nodes.len(),
        });
    }
    if nodes.len() > limits.nodes {
        return Err(Limit::MessageNodes.into());
    }
    let reader = Reader {
        bytes: limits.bytes,
        object,
    };
    if nodes.len() == values {
        reader.flat(nodes)
    } else {
        reader.nested(nodes, values, limits.most_levels())
    }
}

struct Reader<F> {
    /// How many more there may be.
    bytes: usize,
    object: F,
}

impl<F: FnMut(Reference) -> Option<Object>> Reader<F> {
    /// A message in which no node refers to another.
    fn flat(mut self, nodes: Vec<Node>) -> Result<Values, Malformed> {
        let total = nodes.len();
        let mut values = Values::with_capacity(total);
        for (place, node) in nodes.into_iter().enumerate() {
            values.push(match node {
                Node::Items(items) => match items.first() {
                    Some(to) => return Err(astray(place, *to, total)),
                    None => Value::List(Box::default()),
                },
                Node::Fields(fields) => match fields.first() {
                    Some((_, to)) => return Err(astray(place, *to, total)),
                    None => Value::Record(Box::default()),
                },
                leaf => self.leaf(leaf)?,
            });
        }
        Ok(values)
    }

    fn nested(mut self, nodes: Vec<Node>, count: usize, depth: usize) -> Result<Values, Malformed> {
        // What was read and not referred to yet, with the depth of what is in it. From the last to the first.
        let total = nodes.len();
        let mut done: Vec<Option<(Value, usize)>> = (0..total).map(|_| None).collect();
        for (place, node) in nodes.into_iter().enumerate().rev() {
            let mut take = |to: u32| {
                let at = usize::try_from(to).unwrap_or(usize::MAX);
                if at <= place || at >= total {
                    return Err(Malformed::Backward { node: place, to });
                }
                if at < count {
                    return Err(Malformed::Shared(to));
                }
                done[at].take().ok_or(Malformed::Shared(to))
            };
            let mut deepest = 0;
            let value = match node {
                Node::Items(items) => {
                    let mut list = Vec::with_capacity(items.len().min(total));
                    for to in items {
                        let (value, depth) = take(to)?;
                        deepest = deepest.max(depth);
                        list.push(value);
                    }
                    Value::List(list.into())
                }
                Node::Fields(fields) => {
                    let mut names = HashSet::with_capacity(fields.len().min(total));
                    let mut record = Vec::with_capacity(fields.len().min(total));
                    for (name, to) in fields {
                        let (value, depth) = take(to)?;
                        deepest = deepest.max(depth);
                        self.weigh(name.len())?;
                        if !names.insert(name.clone()) {
                            return Err(Malformed::TwoFields(name));
                        }
                        record.push(Field {
                            name: name.into(),
                            value,
                        });
                    }
                    Value::Record(record.into())
                }
                leaf => self.leaf(leaf)?,
            };
            if deepest + 1 > depth {
                return Err(Limit::MessageDepth.into());
            }
            done[place] = Some((value, deepest + 1));
        }
        if let Some(unused) = done[count..].iter().position(Option::is_some) {
            return Err(Malformed::Unused(count + unused));
        }
        done.truncate(count);
        Ok(done.into_iter().flatten().map(|(value, _)| value).collect())
    }

    fn leaf(&mut self, node: Node) -> Result<Value, Malformed> {
        Ok(match node {
            Node::Null => Value::Null,
            Node::Bool(yes) => Value::Bool(yes),
            Node::Int(int) => Value::Int(int),
            Node::Uint(uint) if i64::try_from(uint).is_ok() => {
                return Err(Malformed::LongInteger(uint));
            }
            Node::Uint(uint) => Value::Uint(uint),
            Node::Float(float) => Value::Float(float),
            Node::Text(text) => {
                self.weigh(text.len())?;
                Value::Text(text.into())
            }
            Node::Bytes(bytes) => {
                self.weigh(bytes.len())?;
                Value::Bytes(bytes.into())
            }
            Node::Object(reference) => {
                let found = (self.object)(reference);
                Value::Object(found.ok_or(Malformed::NoObject(reference))?)
            }
            Node::Items(_) | Node::Fields(_) => unreachable!("the callers have dealt with these"),
        })
    }

    fn weigh(&mut self, bytes: usize) -> Result<(), Limit> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Limit::MessageBytes)?;
        Ok(())
    }
}

/// In a message of values alone, whatever a node refers to is a value, or is not there.
fn astray(node: usize, to: u32, total: usize) -> Malformed {
    let at = usize::try_from(to).unwrap_or(usize::MAX);
    if at > node && at < total {
        Malformed::Shared(to)
    } else {
        Malformed::Backward { node, to }
    }
}
