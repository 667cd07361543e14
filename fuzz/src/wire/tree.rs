//! Values that are written and read back.

use super::Tally;
use super::judge::{self, Facts, MOST_LEVELS, levels, writing};
use super::pool::{Pool, node};
use super::world::{World, limits};
use crate::panics::violation;
use arbitrary::{Arbitrary, Result as Made, Unstructured};
use runtime::wire::Node;
use runtime::{MessageLimits, Value};

/// The most levels that are made one by one.
const LEVELS: usize = 12;

/// A value without references.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Anything without parts; an object is as its reference says, if there is one.
    Leaf(Node),
    /// A list.
    List(Vec<Shape>),
    /// A record.
    Record(Vec<(String, Shape)>),
}

/// Values, and what they may be.
#[derive(Clone, Debug)]
pub struct Tree {
    values: Vec<Shape>,
    /// How many more levels there are around the first.
    around: usize,
    /// Where the limits are.
    near: [u8; 3],
}

impl<'a> Arbitrary<'a> for Tree {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let near = u.arbitrary()?;
        let around = match u.arbitrary::<u8>()? {
            0..=7 => usize::from(u.arbitrary::<u16>()? % 1100),
            _ => 0,
        };
        let count = u.arbitrary::<u8>()? % 6;
        let mut left = 200;
        let values = (0..count).map(|_| shape(u, 0, &mut left));
        Ok(Self {
            values: values.collect::<Made<_>>()?,
            around,
            near,
        })
    }
}

/// A value of any shape.
pub(super) fn shape(u: &mut Unstructured<'_>, level: usize, left: &mut usize) -> Made<Shape> {
    if level > LEVELS || *left == 0 || u.is_empty() {
        return Ok(Shape::Leaf(Node::Null));
    }
    *left -= 1;
    Ok(match node(u)? {
        Node::Items(_) => {
            let count: u8 = u.arbitrary()?;
            let all = (0..count % 5).map(|_| shape(u, level + 1, left));
            Shape::List(all.collect::<Made<_>>()?)
        }
        Node::Fields(_) => {
            let count: u8 = u.arbitrary()?;
            let all = (0..count % 5).map(|at| Ok((format!("{at}"), shape(u, level + 1, left)?)));
            Shape::Record(all.collect::<Made<_>>()?)
        }
        leaf => Shape::Leaf(leaf),
    })
}

impl Shape {
    /// The value.
    pub fn build(&self, world: &World) -> Value {
        match self {
            Self::List(all) => Value::List(all.iter().map(|one| one.build(world)).collect()),
            Self::Record(all) => {
                let fields = all.iter();
                Value::record(fields.map(|(name, one)| (name.clone(), one.build(world))))
            }
            Self::Leaf(node) => match node {
                Node::Bool(yes) => Value::Bool(*yes),
                Node::Int(int) => Value::Int(*int),
                Node::Uint(uint) => Value::Uint(*uint),
                Node::Float(float) => Value::Float(*float),
                Node::Text(text) => text.as_str().into(),
                Node::Bytes(bytes) => bytes.clone().into(),
                Node::Object(reference) => world.find(reference).map_or(Value::Null, Value::Object),
                _ => Value::Null,
            },
        }
    }
}

/// How large values are, without recursion: bytes, values, levels.
fn measure(values: &[Value]) -> (usize, usize, usize) {
    let (mut bytes, mut nodes, mut deepest) = (0, 0, 0);
    let mut rest: Vec<(&Value, usize)> = values.iter().map(|value| (value, 1)).collect();
    while let Some((value, level)) = rest.pop() {
        nodes += 1;
        deepest = deepest.max(level);
        match value {
            Value::Text(text) => bytes += text.len(),
            Value::Bytes(all) => bytes += all.len(),
            Value::List(all) => rest.extend(all.iter().map(|value| (value, level + 1))),
            Value::Record(fields) => {
                for field in fields {
                    bytes += field.name.len();
                    rest.push((&field.value, level + 1));
                }
            }
            _ => {}
        }
    }
    (bytes, nodes, deepest)
}

/// Writes the values, and reads them.
pub fn check(world: &World, tree: &Tree, tally: &mut Tally) {
    let mut values: Vec<Value> = tree.values.iter().map(|one| one.build(world)).collect();
    if let Some(first) = values.first_mut() {
        for _ in 0..tree.around {
            *first = vec![std::mem::take(first)].into();
        }
    }
    let (bytes, nodes, depth) = measure(&values);
    let Ok(limits) = limits(&mut Unstructured::new(&tree.near), bytes, nodes, depth) else {
        return;
    };
    let fits = bytes <= limits.bytes && nodes <= limits.nodes && depth <= levels(&limits);
    match limits.check(&values) {
        Ok(extent) if fits && (extent.bytes, extent.nodes) == (bytes, nodes) => {}
        Err(_) if !fits => {}
        other => violation(format!(
            "{other:?} of {bytes} bytes in {nodes} values of {depth} levels, {limits:?}"
        )),
    }
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let written = writing(world, values.into());
    let facts = Facts::of(&written, count);
    if (facts.bytes, written.len(), facts.depth()) != (bytes, nodes, depth) {
        violation(format!("what was written is of another size: {facts:?}"));
    }
    let wide = MessageLimits {
        depth: MOST_LEVELS,
        ..MessageLimits::default()
    };
    for limits in [limits, wide] {
        let pool = Pool {
            nodes: written.clone(),
            count,
            limits,
        };
        judge::check(world, &pool, tally);
    }
}
