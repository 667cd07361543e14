//! The model of a crossing: what becomes of a reference, by the table in the documentation of `membrane`'s crossings.

use super::interfaces::Kind;
use super::references::{Proxy, Ref, RefId, Refs};
use super::tree::{NodeId, Side, Trees};
use crate::panics::give_up;
use membrane::{Direction, ErrorKind};

/// How many proxies that stand for each other are looked behind.
const MAX_LAYERS: usize = 16;

/// A refusal, as the membrane's own answer: the kind, and the reason if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What kind of answer.
    pub kind: ErrorKind,
    /// The revoker's reason.
    pub reason: Option<&'static str>,
}

impl Answer {
    /// An answer without a reason.
    pub const fn plain(kind: ErrorKind) -> Self {
        Self { kind, reason: None }
    }

    /// What it is once it has crossed a membrane as somebody's data: without its reason.
    #[must_use]
    pub const fn crossed(self) -> Self {
        Self::plain(self.kind)
    }

    /// As the library says it.
    pub fn of(error: membrane::Error) -> Self {
        Self {
            kind: error.kind(),
            reason: error.reason().map(membrane::Reason::as_str),
        }
    }
}

/// An iterator: the membranes that it crossed, innermost first.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// The source, by number.
    pub source: usize,
    /// What is around it.
    pub hops: Vec<Hop>,
}

/// One crossing of an iterator.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    /// How it went.
    pub way: Way,
    /// Told its holder of a revocation, or of its end: nothing more comes.
    pub over: bool,
    /// What it draws from ended or panicked: there is nothing behind it any more.
    pub dry: bool,
}

/// A reference or an iterator in a load.
#[derive(Clone, Debug)]
pub enum Part {
    /// A reference, and the type that it is held as.
    Ref(RefId, Kind),
    /// An iterator.
    Items(Cursor),
}

/// A way through a membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Which membrane.
    pub node: NodeId,
    /// Which way.
    pub direction: Direction,
    /// The side at the end nearer to the owner.
    pub home: Side,
}

impl Way {
    /// The way back.
    #[must_use]
    pub const fn back(self) -> Self {
        let direction = match self.direction {
            Direction::Outbound => Direction::Inbound,
            Direction::Inbound => Direction::Outbound,
        };
        Self { direction, ..self }
    }
}

/// What is needed to foretell a crossing.
pub struct Rules<'a> {
    /// The membranes.
    pub trees: &'a Trees,
    /// The references.
    pub refs: &'a mut Refs,
    /// How many calls this thread is inside of.
    pub depth: usize,
}

impl Rules<'_> {
    /// What becomes of the parts of a value, in order.
    pub fn parts(&mut self, way: Way, parts: Vec<Part>) -> Result<Vec<Part>, Answer> {
        parts.into_iter().map(|part| self.part(way, part)).collect()
    }

    fn part(&mut self, way: Way, part: Part) -> Result<Part, Answer> {
        match part {
            Part::Ref(one, kind) => Ok(Part::Ref(self.reference(way, one, kind)?, kind)),
            Part::Items(mut cursor) => {
                self.live(way.node)?;
                cursor.hops.push(Hop {
                    way,
                    over: false,
                    dry: false,
                });
                Ok(Part::Items(cursor))
            }
        }
    }

    fn live(&self, node: NodeId) -> Result<(), Answer> {
        match self.trees.nodes[node].revoked {
            None => Ok(()),
            reason => Err(Answer {
                kind: ErrorKind::Revoked,
                reason,
            }),
        }
    }

    fn wrap(&mut self, way: Way, kind: Kind, target: RefId) -> Result<RefId, Answer> {
        self.live(way.node)?;
        let Way {
            node,
            direction,
            home,
        } = way;
        Ok(self.refs.number(Ref::Proxy(Proxy {
            node,
            direction,
            home,
            kind,
            target,
        })))
    }

    /// What of a proxy belongs to the side of arrival: its target, or that of the proxy that it stands for, and so on.
    fn at_home(&self, outermost: Proxy, arrival: Side) -> Result<Option<RefId>, Answer> {
        let mut proxy = outermost;
        for _ in 0..MAX_LAYERS {
            if proxy.lives() == arrival {
                return Ok(Some(proxy.target));
            }
            let Ref::Proxy(inner) = self.refs.get(proxy.target) else {
                break;
            };
            let (outer_node, node) = (&self.trees.nodes[proxy.node], &self.trees.nodes[inner.node]);
            if node.tree != outer_node.tree || node.revoked.is_some() {
                break;
            }
            if self.depth >= node.rights.depth as usize {
                return Err(Answer::plain(ErrorKind::TooDeep));
            }
            proxy = inner;
        }
        Ok(None)
    }

    fn reference(&mut self, way: Way, one: RefId, kind: Kind) -> Result<RefId, Answer> {
        // An object.
        let Ref::Proxy(proxy) = self.refs.get(one) else {
            return self.wrap(way, kind, one);
        };
        let (here, there) = (&self.trees.nodes[way.node], &self.trees.nodes[proxy.node]);
        // Broken.
        if there.revoked.is_some() {
            return self.wrap(way, kind, one);
        }
        // Of another tree.
        if here.tree != there.tree {
            return self.wrap(way, kind, one);
        }
        // To look at a proxy's target takes room for a call.
        if self.depth >= there.rights.depth as usize {
            return Err(Answer::plain(ErrorKind::TooDeep));
        }
        let arrival = match way.direction {
            Direction::Outbound => Side::Dry(way.node),
            Direction::Inbound => way.home,
        };
        // Home.
        let homecoming = here.rights.homecoming;
        if let Some(own) = self.at_home(proxy, arrival)? {
            let inner = match self.refs.get(own) {
                Ref::Proxy(inner) if self.trees.nodes[inner.node].tree == here.tree => {
                    Some(&self.trees.nodes[inner.node])
                }
                _ => None,
            };
            return match (homecoming, inner) {
                (0, _) => Ok(own),
                (1, None) => self.wrap(way, kind, one),
                // Of two layers, one stays.
                (1, Some(inner)) => {
                    if inner.revoked.is_some() {
                        // Whether a broken one counts as a layer depends on when it was wrapped.
                        give_up();
                    }
                    Ok(own)
                }
                _ => Err(Answer::plain(ErrorKind::Rejected)),
            };
        }
        // A proxy of this membrane that belongs on the side of arrival.
        let belongs = match proxy.direction {
            Direction::Outbound => Side::Dry(proxy.node),
            Direction::Inbound => proxy.home,
        };
        if proxy.node == way.node && proxy.direction == way.direction && belongs == arrival {
            return Ok(one);
        }
        // One hop, and the scope of arrival: only as the very interface that it crossed as.
        if proxy.direction == Direction::Outbound && proxy.kind == kind {
            let instead = |node| Way {
                node,
                direction: Direction::Outbound,
                home: proxy.home,
            };
            match (way.direction, arrival) {
                (Direction::Outbound, _) if self.trees.derives(way.node, proxy.node) => {
                    return self.wrap(instead(way.node), kind, proxy.target);
                }
                (Direction::Inbound, Side::Dry(holder)) => {
                    let path = self.trees.path(proxy.node);
                    let at = |side| path.iter().position(|other| *other == side);
                    // On the way from the proxy's dry side in to the target, and short of it.
                    if at(arrival)
                        .is_some_and(|arrival| at(proxy.home).is_some_and(|home| arrival < home))
                    {
                        return self.wrap(instead(holder), kind, proxy.target);
                    }
                }
                _ => {}
            }
        }
        // Any other proxy.
        self.wrap(way, kind, one)
    }
}
