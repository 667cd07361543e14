//! Which pools are messages, by the rules as they are documented; and what was made of them.

use super::Tally;
use super::pool::Pool;
use super::world::World;
use crate::panics::violation;
use runtime::wire::{Malformed, Node, Reference, Values, read, write};
use runtime::{Extent, Limit, MessageLimits};
use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;

/// The most levels that any limits allow.
pub const MOST_LEVELS: usize = 1024;

/// How many levels `limits` allow: a value is one.
pub fn levels(limits: &MessageLimits) -> usize {
    limits.depth.clamp(1, MOST_LEVELS)
}

/// What is true of a pool.
#[derive(Debug, Default)]
pub struct Facts {
    count: usize,
    total: usize,
    /// For each node, how many references to it there are.
    references: Vec<usize>,
    /// References that do not go forward.
    backward: BTreeSet<(usize, u32)>,
    twins: BTreeSet<String>,
    long: BTreeSet<u64>,
    missing: Vec<Reference>,
    /// The levels of each node.
    levels: Vec<usize>,
    /// Bytes of text, bytes and names.
    pub bytes: usize,
}

/// What a node refers to.
fn to(node: &Node) -> Vec<u32> {
    match node {
        Node::Items(items) => items.clone(),
        Node::Fields(fields) => fields.iter().map(|(_, to)| *to).collect(),
        _ => Vec::new(),
    }
}

impl Facts {
    /// Of these nodes, the first `count` of which are values.
    pub fn of(nodes: &[Node], count: u32) -> Self {
        let total = nodes.len();
        let mut facts = Self {
            count: count as usize,
            total,
            references: vec![0; total],
            levels: vec![1; total],
            ..Self::default()
        };
        for (place, node) in nodes.iter().enumerate().rev() {
            for to in to(node) {
                let at = to as usize;
                if at < total {
                    facts.references[at] += 1;
                }
                if at <= place || at >= total {
                    facts.backward.insert((place, to));
                } else {
                    facts.levels[place] = facts.levels[place].max(facts.levels[at] + 1);
                }
            }
            facts.look_at(node);
        }
        facts
    }

    fn look_at(&mut self, node: &Node) {
        match node {
            Node::Text(text) => self.bytes += text.len(),
            Node::Bytes(bytes) => self.bytes += bytes.len(),
            Node::Uint(uint) if i64::try_from(*uint).is_ok() => drop(self.long.insert(*uint)),
            Node::Object(reference) if !World::has(reference) => self.missing.push(*reference),
            Node::Fields(fields) => {
                let mut names = BTreeSet::new();
                for (name, _) in fields {
                    self.bytes += name.len();
                    if !names.insert(name) {
                        self.twins.insert(name.clone());
                    }
                }
            }
            _ => {}
        }
    }

    /// The most levels of any node.
    pub fn depth(&self) -> usize {
        self.levels.iter().copied().max().unwrap_or(0)
    }

    fn is_shared(&self, at: usize) -> bool {
        let times = self.references.get(at).copied().unwrap_or(0);
        times > usize::from(at >= self.count)
    }

    fn is_unused(&self, at: usize) -> bool {
        at >= self.count && self.references.get(at) == Some(&0)
    }

    /// Whether it keeps the rules, whatever its size.
    pub fn keeps_the_rules(&self) -> bool {
        self.count <= self.total
            && self.backward.is_empty()
            && self.twins.is_empty()
            && self.long.is_empty()
            && self.missing.is_empty()
            && !(0..self.total).any(|at| self.is_shared(at) || self.is_unused(at))
    }

    fn fits(&self, limits: &MessageLimits) -> bool {
        self.total <= limits.nodes && self.bytes <= limits.bytes && self.depth() <= levels(limits)
    }

    /// Whether this is so.
    fn confirm(&self, said: &Malformed, limits: &MessageLimits) -> bool {
        match said {
            Malformed::Missing { values, nodes } => {
                *values as usize == self.count && *nodes == self.total && self.count > self.total
            }
            Malformed::Backward { node, to } => self.backward.contains(&(*node, *to)),
            Malformed::Shared(at) => self.is_shared(*at as usize),
            Malformed::Unused(at) => self.is_unused(*at),
            Malformed::TwoFields(name) => self.twins.contains(name),
            Malformed::LongInteger(uint) => self.long.contains(uint),
            Malformed::NoObject(reference) => self.missing.contains(reference),
            Malformed::Limit(Limit::MessageBytes) => self.bytes > limits.bytes,
            Malformed::Limit(Limit::MessageNodes) => self.total > limits.nodes,
            Malformed::Limit(Limit::MessageDepth) => self.depth() > levels(limits),
            _ => false,
        }
    }
}

/// Reads the pool, and holds what comes of it to the rules.
pub fn check(world: &World, pool: &Pool, tally: &mut Tally) {
    let Pool {
        nodes,
        count,
        limits,
    } = pool;
    let facts = Facts::of(nodes, *count);
    let is_message = facts.keeps_the_rules() && facts.fits(limits);
    let values = match read(nodes.clone(), *count, limits, |reference| {
        world.find(&reference)
    }) {
        Ok(values) if is_message => values,
        Ok(_) => violation(format!("read, and is none: {facts:?}, {limits:?}")),
        Err(said) if is_message || !facts.confirm(&said, limits) => {
            violation(format!("{said:?} is not so: {facts:?}, {limits:?}"))
        }
        Err(said) => {
            tally.let_go += world.take_found();
            match said {
                Malformed::Limit(_) => tally.beyond += 1,
                _ => tally.malformed += 1,
            }
            return;
        }
    };
    if facts.total > facts.count {
        tally.nested += 1;
    } else {
        tally.flat += 1;
    }
    let extent = Extent {
        bytes: facts.bytes,
        nodes: facts.total,
    };
    if limits.check(&values) != Ok(extent) {
        let measured = limits.check(&values);
        violation(format!("{measured:?} of what was read, and {extent:?}"));
    }
    let canonical = level_by_level(nodes, *count);
    let written = writing(world, values);
    if let Some(at) = difference(&canonical, &written) {
        violation(format!("written otherwise from node {at} on: {written:?}"));
    }
    let again = read(written, *count, limits, |reference| world.find(&reference))
        .unwrap_or_else(|said| violation(format!("what was written is not read: {said:?}")));
    if let Some(at) = difference(&canonical, &writing(world, again)) {
        violation(format!("written otherwise the second time, at {at}"));
    }
}

/// Values as nodes.
pub fn writing(world: &World, values: Values) -> Vec<Node> {
    let Ok(nodes) = write(values, |object| Ok::<_, Infallible>(world.refer(&object)));
    nodes
}

/// The same message, with its nodes in the order of a walk level by level.
fn level_by_level(nodes: &[Node], count: u32) -> Vec<Node> {
    let mut sorted = Vec::with_capacity(nodes.len());
    let mut waiting: VecDeque<u32> = (0..count).collect();
    let mut next = count;
    let mut place = |waiting: &mut VecDeque<u32>, to: u32| {
        waiting.push_back(to);
        next += 1;
        next - 1
    };
    while let Some(at) = waiting.pop_front() {
        sorted.push(match &nodes[at as usize] {
            Node::Items(items) => {
                Node::Items(items.iter().map(|to| place(&mut waiting, *to)).collect())
            }
            Node::Fields(fields) => {
                let placed = |(name, to): &(String, u32)| (name.clone(), place(&mut waiting, *to));
                Node::Fields(fields.iter().map(placed).collect())
            }
            Node::Object(Reference::Lent { place, .. }) => Node::Object(Reference::Lent {
                place: *place,
                id: 0,
                interface: 0,
            }),
            leaf => leaf.clone(),
        });
    }
    sorted
}

/// Where two pools differ. A number that is none is as good as its bits.
pub fn difference(one: &[Node], other: &[Node]) -> Option<usize> {
    let same = |pair: (&Node, &Node)| match pair {
        (Node::Float(one), Node::Float(other)) => one.to_bits() == other.to_bits(),
        (one, other) => one == other,
    };
    let until = one.iter().zip(other).position(|pair| !same(pair));
    until.or((one.len() != other.len()).then_some(one.len().min(other.len())))
}
