//! Pools: such as keep the rules, and such with a few changes.

use super::judge::Facts;
use super::world::{limits, reference};
use arbitrary::{Arbitrary, Result as Made, Unstructured};
use runtime::MessageLimits;
use runtime::wire::Node;

/// The most nodes that are made one by one.
const MOST: usize = 64;

/// A message, and what it may be.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// How many values it says there are.
    pub count: u32,
    /// How large it may be.
    pub limits: MessageLimits,
}

impl<'a> Arbitrary<'a> for Pool {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let settings: u8 = u.arbitrary()?;
        let values = usize::from(settings % 5);
        let more = if settings & 0x80 == 0 {
            usize::from(u.arbitrary::<u8>()?) % MOST
        } else {
            0
        };
        let mut nodes: Vec<Node> = Vec::new();
        for place in 0..values + more {
            let mut made = node(u)?;
            // What comes after the values is in one of those before it.
            if place >= values && !put(u, &mut nodes, place)? {
                match nodes.last_mut() {
                    Some(last) => *last = Node::Items(vec![number(place)]),
                    None => made = Node::Null,
                }
            }
            nodes.push(made);
        }
        // Deeper than any input is long.
        if settings & 0x60 == 0x60 && !nodes.is_empty() {
            let levels = usize::from(u.arbitrary::<u16>()? % 2100);
            let begin = nodes.len();
            if put(u, &mut nodes, begin)? {
                nodes.extend((1..=levels).map(|level| Node::Items(vec![number(begin + level)])));
                nodes.push(Node::Null);
            }
        }
        let mut count = number(values);
        for _ in 0..u.arbitrary::<u8>().unwrap_or(0) % 8 / 4 {
            change(u, &mut nodes, &mut count)?;
        }
        let facts = Facts::of(&nodes, count);
        let limits = limits(u, facts.bytes, nodes.len(), facts.depth())?;
        Ok(Self {
            nodes,
            count,
            limits,
        })
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn name(u: &mut Unstructured<'_>, place: usize) -> Made<String> {
    let code: u8 = u.arbitrary()?;
    Ok(if code >= 0xF0 {
        String::from("twin")
    } else {
        format!("{place}")
    })
}

/// Puts the node at `place` into one of those before it, if there is one that can hold it.
fn put(u: &mut Unstructured<'_>, nodes: &mut [Node], place: usize) -> Made<bool> {
    let holds = |node: &Node| matches!(node, Node::Items(_) | Node::Fields(_));
    let holders = nodes.iter().filter(|node| holds(node)).count();
    if holders == 0 {
        return Ok(false);
    }
    // Near the end, most often: pools are deep.
    let from_end = usize::from(u.arbitrary::<u8>()? >> 5) % holders;
    let place_name = name(u, place)?;
    let first: bool = u.arbitrary()?;
    match nodes
        .iter_mut()
        .filter(|node| holds(node))
        .nth_back(from_end)
    {
        Some(Node::Items(items)) if first => items.insert(0, number(place)),
        Some(Node::Items(items)) => items.push(number(place)),
        Some(Node::Fields(fields)) => fields.push((place_name, number(place))),
        _ => {}
    }
    Ok(true)
}

/// A node that refers to no other yet.
pub(super) fn node(u: &mut Unstructured<'_>) -> Made<Node> {
    let code: u8 = u.arbitrary()?;
    Ok(match code % 16 {
        0 => Node::Null,
        1 => Node::Bool(code & 0x80 != 0),
        2 => Node::Int(u.arbitrary()?),
        3 => Node::Uint(u64::MAX - u64::from(u.arbitrary::<u32>()?)),
        4 => Node::Float(f64::from_bits(u.arbitrary()?)),
        5 => Node::Text("é".repeat(usize::from(code >> 4))),
        6 => Node::Bytes(vec![code; usize::from(code >> 4)]),
        7..=9 => Node::Object(reference(u)?),
        10 if code == 10 => Node::Uint(u.arbitrary()?),
        10..=12 => Node::Fields(Vec::new()),
        _ => Node::Items(Vec::new()),
    })
}

/// Changes one thing, most often to what is against a rule.
fn change(u: &mut Unstructured<'_>, nodes: &mut Vec<Node>, count: &mut u32) -> Made<()> {
    let (kind, at, to): (u8, u8, u8) = u.arbitrary()?;
    if nodes.is_empty() {
        *count = u32::from(to);
        return Ok(());
    }
    let at = usize::from(at) % nodes.len();
    let near = u32::from(to) % (number(nodes.len()) + 1);
    match (kind % 8, &mut nodes[at]) {
        (0, _) => *count = near,
        (1, _) => *count = u.arbitrary()?,
        (2, _) => drop(nodes.remove(at)),
        (3, node) => *node = Node::Items(vec![near]),
        (4, node) => *node = Node::Fields(vec![(String::from("one"), near)]),
        (5, _) => nodes.push(Node::Null),
        (_, Node::Items(items)) => items.push(near),
        (_, Node::Fields(fields)) => fields.push((String::from("twin"), near)),
        (_, node) => *node = Node::Uint(u64::from(to)),
    }
    Ok(())
}
