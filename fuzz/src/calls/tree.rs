//! The model of the membranes: sides, what each membrane allows, and which are revoked.
//!
//! From the documentation: a membrane stands between a wet and a dry side. One made by `grant` shares its parent's wet
//! side; one made by `attenuate` lends from its parent's dry side. A derived membrane allows no more than its parent, and is
//! revoked and suspended with it. The first reason of a revocation stays; of suspensions the newest of the nearest is told.

use super::interfaces::Kind;
use super::program::{Method, Methods, Rights};
use membrane::Direction;

/// A membrane, by number.
pub type NodeId = usize;
/// A place where objects live and references are held, by number. Two trees may share one.
pub type WorldId = usize;

/// A side of a membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The wet side of a tree's root.
    Owner {
        /// Which tree.
        tree: usize,
    },
    /// The dry side of a membrane.
    Dry(NodeId),
}

/// A membrane.
#[derive(Debug)]
pub struct Node {
    /// The tree that it is of.
    pub tree: usize,
    /// What it derives from.
    pub parent: Option<NodeId>,
    /// Whose objects it lends.
    pub wet: Side,
    /// Where its dry side is.
    pub world: WorldId,
    /// What it allows.
    pub rights: Rights,
    /// Why it was revoked.
    pub revoked: Option<&'static str>,
    /// Why it is suspended itself.
    pub suspended: Option<&'static str>,
}

/// All membranes of both trees.
#[derive(Debug, Default)]
pub struct Trees {
    /// By number.
    pub nodes: Vec<Node>,
    /// Where each tree's owner is.
    pub owners: Vec<WorldId>,
}

impl Trees {
    /// Where a side is.
    pub fn world(&self, side: Side) -> WorldId {
        match side {
            Side::Owner { tree } => self.owners[tree],
            Side::Dry(node) => self.nodes[node].world,
        }
    }

    /// Whether `node` is `ancestor` or derives from it.
    pub fn derives(&self, node: NodeId, ancestor: NodeId) -> bool {
        let mut at = Some(node);
        while let Some(here) = at {
            if here == ancestor {
                return true;
            }
            at = self.nodes[here].parent;
        }
        false
    }

    /// The sides that a value passes between the dry side of `node` and the owner, both included, outermost first.
    pub fn path(&self, node: NodeId) -> Vec<Side> {
        let mut path = vec![Side::Dry(node)];
        while let Some(Side::Dry(at)) = path.last().copied() {
            path.push(self.nodes[at].wet);
        }
        path
    }

    /// Revokes `node` and all that derives from it.
    pub fn revoke(&mut self, node: NodeId, reason: &'static str) {
        for other in 0..self.nodes.len() {
            if self.derives(other, node) {
                self.nodes[other].revoked.get_or_insert(reason);
            }
        }
    }

    /// Why calls of `node` are refused for a while, if they are: the nearest suspension is told.
    pub fn suspended(&self, node: NodeId) -> Option<&'static str> {
        let mut at = Some(node);
        while let Some(here) = at {
            if let Some(reason) = self.nodes[here].suspended {
                return Some(reason);
            }
            at = self.nodes[here].parent;
        }
        None
    }

    /// Whether `node`'s policy lists `method` of `kind` for calls in `direction`.
    pub fn lists(&self, node: NodeId, direction: Direction, kind: Kind, method: Method) -> bool {
        let rights = self.nodes[node].rights;
        let methods = if direction == Direction::Inbound {
            rights.inbound
        } else {
            rights.outbound
        };
        match kind {
            Kind::Fun => true,
            Kind::Peer => methods.peer & method.bit() != 0,
            Kind::Named => methods.named & named_bits() & method.bit() != 0,
        }
    }
}

/// The methods that `dyn Named` has.
pub const fn named_bits() -> u8 {
    Method::Ping.bit() | Method::Mark.bit()
}

/// The methods that `dyn Peer` has.
pub const fn peer_bits() -> u8 {
    (1 << Method::ALL.len()) - 1
}

impl Methods {
    fn within(self, other: Self) -> bool {
        let excess =
            self.peer & !other.peer & peer_bits() | self.named & !other.named & named_bits();
        excess == 0
    }

    fn and(self, other: Self) -> Self {
        Self {
            peer: self.peer & other.peer,
            named: self.named & other.named,
        }
    }
}

impl Rights {
    /// Whether these are no more than `other`.
    pub fn within(self, other: Self) -> bool {
        self.inbound.within(other.inbound)
            && self.outbound.within(other.outbound)
            && self.homecoming >= other.homecoming
            && self.propagate <= other.propagate
            && self.depth <= other.depth
    }

    /// What of these is within `other`.
    #[must_use]
    pub fn narrowed(self, other: Self) -> Self {
        Self {
            inbound: self.inbound.and(other.inbound),
            outbound: self.outbound.and(other.outbound),
            homecoming: self.homecoming.max(other.homecoming),
            propagate: self.propagate && other.propagate,
            depth: self.depth.min(other.depth),
        }
    }

    /// The real thing.
    ///
    /// # Panics
    ///
    /// If the library does not take it.
    pub fn policy(self) -> membrane::Policy {
        use super::interfaces::{Named, Peer};
        use membrane::{Homecoming, Interfaces, NamedRule, OnPanic, Policy};
        let known = Interfaces::new().with::<dyn Peer>().with::<dyn Named>();
        let names = |bits: u8, all: u8| -> Vec<&'static str> {
            let listed = Method::ALL
                .iter()
                .filter(|method| method.bit() & bits & all != 0);
            listed.map(|method| method.name()).collect()
        };
        let mut lists = Vec::new();
        for (direction, methods) in [
            (Direction::Inbound, self.inbound),
            (Direction::Outbound, self.outbound),
        ] {
            lists.push((direction, "Peer", names(methods.peer, peer_bits())));
            lists.push((direction, "Named", names(methods.named, named_bits())));
        }
        let rules = lists
            .iter()
            .map(|(direction, interface, methods)| NamedRule {
                direction: *direction,
                interface,
                methods,
            });
        let named =
            Policy::from_names(&known, rules).expect("each interface once, each method once");
        let mut builder = Policy::builder();
        for allow in named.rules(Direction::Inbound) {
            builder = builder.inbound(allow);
        }
        for allow in named.rules(Direction::Outbound) {
            builder = builder.outbound(allow);
        }
        let homecoming = [
            Homecoming::Unwrap,
            Homecoming::KeepWrapped,
            Homecoming::Refuse,
        ][usize::from(self.homecoming % 3)];
        let on_panic = if self.propagate {
            OnPanic::Propagate
        } else {
            OnPanic::Error
        };
        builder
            .homecoming(homecoming)
            .on_panic(on_panic)
            .depth_limit(self.depth)
            .build()
            .expect("each interface once")
    }
}
