//! The model of references: an object, or a proxy of one, each with one number.

use super::interfaces::Kind;
use super::tree::{NodeId, Side};
use membrane::Direction;
use std::collections::HashMap;

/// A reference, by number: equal numbers are one object, or one proxy.
pub type RefId = usize;
/// An object, by number.
pub type ObjectId = usize;

/// What a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ref {
    /// An object itself.
    Object(ObjectId),
    /// A proxy: one for each membrane, direction, inner side, interface and target.
    Proxy(Proxy),
}

/// A proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// The membrane that it is of.
    pub node: NodeId,
    /// Which way its target went.
    pub direction: Direction,
    /// The side at the end nearer to the owner.
    pub home: Side,
    /// What it crossed as.
    pub kind: Kind,
    /// What it stands for.
    pub target: RefId,
}

impl Proxy {
    /// Where its target lives.
    pub fn lives(&self) -> Side {
        match self.direction {
            Direction::Outbound => self.home,
            Direction::Inbound => Side::Dry(self.node),
        }
    }
}

/// All references that ever were.
#[derive(Debug, Default)]
pub struct Refs {
    all: Vec<Ref>,
    numbers: HashMap<Ref, RefId>,
}

impl Refs {
    /// The number of a reference.
    pub fn number(&mut self, one: Ref) -> RefId {
        *self.numbers.entry(one).or_insert_with(|| {
            self.all.push(one);
            self.all.len() - 1
        })
    }

    /// The number of a reference, if it has one.
    pub fn find(&self, one: Ref) -> Option<RefId> {
        self.numbers.get(&one).copied()
    }

    /// The reference of this number.
    pub fn get(&self, number: RefId) -> Ref {
        self.all[number]
    }

    /// In words.
    pub fn describe(&self, number: RefId) -> String {
        match self.get(number) {
            Ref::Object(object) => format!("object {object}"),
            Ref::Proxy(proxy) => format!(
                "{:?} proxy of membrane {} ({:?}, inner side {:?}) for {}",
                proxy.kind,
                proxy.node,
                proxy.direction,
                proxy.home,
                self.describe(proxy.target)
            ),
        }
    }
}
