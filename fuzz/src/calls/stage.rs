//! The stage: everything that is real, beside the model of it.
//!
//! One stage for each thread, so that objects can find it. It is borrowed for moments only: nothing of the library's runs,
//! and nothing is dropped, while it is.

use super::crossing::{Answer, Cursor, Part, Rules, Way};
use super::interfaces::{AnyLease, AnyRef, Items, Kind, Leaf, Outline, Watch};
use super::program::{Method, Op, Reply, Rights};
use super::references::{ObjectId, Ref, RefId, Refs};
use super::tree::{NodeId, Trees, WorldId};
use membrane::{Membrane, Reason, Revoker, ScopedGrant};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The most references that a world holds; further ones take the place of older ones.
pub const MAX_SLOTS: usize = 12;
/// The most iterators that a world holds.
pub const MAX_CURSORS: usize = 4;
/// The most leases that a world holds: all together are well below the bound on depth, which they count for.
pub const MAX_LEASES: usize = 2;

/// A reference that a world holds.
#[derive(Clone)]
pub struct Held {
    /// The real one.
    pub real: AnyRef,
    /// Which it is.
    pub model: RefId,
}

/// An iterator that a world holds.
pub struct HeldItems {
    /// The real one.
    pub real: Items,
    /// Which it is.
    pub model: Cursor,
}

/// A lease that a world holds.
pub struct HeldLease {
    /// The real one.
    pub real: AnyLease,
    /// Of which proxy.
    pub model: RefId,
    /// What stands behind that, which it keeps in use if the membrane's calls went through freely when it was taken.
    pub target: Option<RefId>,
}

/// What one place holds.
#[derive(Default)]
pub struct World {
    /// References.
    pub slots: Vec<Held>,
    /// Iterators.
    pub cursors: Vec<HeldItems>,
    /// Leases.
    pub leases: Vec<HeldLease>,
    turn: usize,
}

/// An object or a closure.
pub struct Object {
    /// Where it lives.
    pub world: WorldId,
    /// What it is.
    pub kind: Kind,
    /// Where it lies, for as long as `watch` is kept.
    pub address: usize,
    /// Whether it is alive.
    pub watch: Watch,
    /// What it keeps alive.
    pub holds: Option<RefId>,
}

/// The source of an iterator.
pub struct Source {
    /// Where it lives.
    pub world: WorldId,
    /// How many items are left.
    pub left: u8,
    /// Whether it is alive.
    pub token: Weak<()>,
}

/// The handles of a membrane.
#[derive(Default)]
pub struct Handles {
    /// The handle, until it is dropped.
    pub membrane: Option<Membrane>,
    /// The guard, if there is one.
    pub guard: Option<ScopedGrant>,
    /// The facet that revokes.
    pub revoker: Option<Revoker>,
    /// What an observer was told.
    pub told: Arc<Mutex<Vec<Reason>>>,
}

impl Handles {
    /// The handles of a new membrane, with an observer.
    pub fn new(membrane: Membrane, guard: Option<ScopedGrant>) -> Self {
        let told = Arc::<Mutex<Vec<Reason>>>::default();
        let notes = told.clone();
        membrane.on_revoke(move |reason| {
            notes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(reason);
        });
        Self {
            revoker: Some(membrane.revoker()),
            membrane: Some(membrane),
            guard,
            told,
        }
    }

    /// Whether nobody can revoke by them any more.
    pub const fn is_empty(&self) -> bool {
        self.membrane.is_none() && self.guard.is_none() && self.revoker.is_none()
    }

    /// What the observer was told, each time.
    pub fn told(&self) -> Vec<&'static str> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().map(|reason| reason.as_str()).collect()
    }
}

/// What a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// An object or a closure.
    Object(ObjectId),
    /// The source of an iterator.
    Source(usize),
}

/// A proxy on the way of a call.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Through which membrane, the way that results go.
    pub way: Way,
    /// What the object crossed as.
    pub kind: Kind,
}

/// A call that is running, or about to.
pub struct Frame {
    /// Who calls.
    pub caller: WorldId,
    /// What it should reach, if it gets through.
    pub callee: Option<Callee>,
    /// Which method.
    pub method: Method,
    /// Through which proxies, outermost first.
    pub steps: Vec<Step>,
    /// The arguments, as the target should see them.
    pub arguments: Vec<Part>,
    /// What they should look like.
    pub outline: Outline,
    /// What the target does.
    pub reply: Reply,
    /// How many calls the thread is inside of while the target runs.
    pub depth: usize,
    /// How the target ended, once it has run.
    pub ended: Option<Ended>,
    /// Whether it was entered.
    pub entered: bool,
}

/// How a target ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// With a load, or with plain data.
    Value(Vec<Part>, Outline),
    /// With a load in an error.
    Failed(Vec<Part>, Outline),
    /// With an error without one.
    Answered(Answer),
    /// An iterator: with nothing more.
    Nothing,
    /// With a panic.
    Panicked,
}

/// What the calls of a program have come to: a program that reaches nothing shows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Targets that were entered.
    pub entered: usize,
    /// Those through more than one proxy.
    pub far: usize,
    /// Those inside other calls.
    pub nested: usize,
    /// Calls that the membrane answered.
    pub answered: usize,
    /// Targets that were entered through a lease that keeps them.
    pub leased: usize,
    /// Calls through leases that keep what a revocation took.
    pub outlived: usize,
    /// References that arrived as the object itself.
    pub home: usize,
    /// References that arrived as a proxy.
    pub away: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.entered += other.entered;
        self.far += other.far;
        self.nested += other.nested;
        self.answered += other.answered;
        self.leased += other.leased;
        self.outlived += other.outlived;
        self.home += other.home;
        self.away += other.away;
    }
}

/// Everything.
#[derive(Default)]
pub struct Stage {
    /// What is still to be done.
    pub ops: VecDeque<Op>,
    /// The model of the membranes.
    pub trees: Trees,
    /// The model of the references.
    pub refs: Refs,
    /// The membranes.
    pub handles: Vec<Handles>,
    /// Who holds what.
    pub worlds: Vec<World>,
    /// All objects ever made.
    pub objects: Vec<Object>,
    /// All iterators ever made.
    pub sources: Vec<Source>,
    /// The calls that are running.
    pub frames: Vec<Frame>,
    /// How many calls of the library's this thread is inside of.
    pub depth: usize,
    /// The proxy that each number is, while it is alive.
    pub proxies: HashMap<RefId, Watch>,
    /// What calls have come to.
    pub tally: Tally,
    /// Whether threads have raced.
    pub raced: bool,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// Looks at the stage, or changes it. What is taken off it is returned, to be dropped outside.
pub fn with<R>(f: impl FnOnce(&mut Stage) -> R) -> R {
    STAGE.with(|stage| f(&mut stage.borrow_mut()))
}

/// All handles that there are; none if the stage is being looked at, or is another thread's.
pub fn handles() -> Vec<Membrane> {
    let collect = |stage: &RefCell<Stage>| {
        let stage = stage.try_borrow().ok()?;
        Some(
            stage
                .handles
                .iter()
                .filter_map(|one| one.membrane.clone())
                .collect(),
        )
    };
    STAGE.try_with(collect).ok().flatten().unwrap_or_default()
}

/// What must be dropped where nothing is borrowed.
pub type Rubbish = (Option<Held>, Option<HeldItems>);

impl World {
    /// Holds a reference. What has to make room is returned.
    pub fn hold(&mut self, held: Held) -> Option<Held> {
        if self.slots.len() < MAX_SLOTS {
            self.slots.push(held);
            return None;
        }
        self.turn = (self.turn + 5) % MAX_SLOTS;
        Some(std::mem::replace(&mut self.slots[self.turn], held))
    }

    /// Holds an iterator. What has to make room is returned.
    pub fn hold_items(&mut self, held: HeldItems) -> Option<HeldItems> {
        if self.cursors.len() < MAX_CURSORS {
            self.cursors.push(held);
            return None;
        }
        self.turn = (self.turn + 1) % MAX_CURSORS;
        Some(std::mem::replace(
            &mut self.cursors[self.turn % MAX_CURSORS],
            held,
        ))
    }

    /// Holds a lease. What has to make room is returned.
    pub fn hold_lease(&mut self, lease: HeldLease) -> Option<HeldLease> {
        self.leases.push(lease);
        (self.leases.len() > MAX_LEASES).then(|| self.leases.remove(0))
    }

    /// The slots that hold a reference as `kind`.
    pub fn slots_of(&self, kind: Kind) -> impl Iterator<Item = &Held> {
        self.slots
            .iter()
            .filter(move |held| held.real.kind() == kind)
    }
}

impl Stage {
    /// Whether leases keep something of `node`, or of what derives from it, in use.
    pub fn is_leased(&self, node: NodeId) -> bool {
        let leases = self.worlds.iter().flat_map(|world| &world.leases);
        let kept = leases.filter(|lease| lease.target.is_some());
        kept.map(|lease| self.refs.get(lease.model))
            .any(|proxy| matches!(proxy, Ref::Proxy(proxy) if self.trees.derives(proxy.node, node)))
    }

    /// Whether the bound on depth is out of reach everywhere: then it is all one whether a call counts for it.
    pub fn is_deep(&self) -> bool {
        let mut nodes = self.trees.nodes.iter();
        nodes.all(|node| node.rights.depth == Rights::DEEPEST)
    }

    /// The rules, as of now, for a thread inside of `depth` calls.
    pub fn rules(&mut self, depth: usize) -> Rules<'_> {
        Rules {
            trees: &self.trees,
            refs: &mut self.refs,
            depth,
        }
    }

    /// Registers a new object.
    pub fn add_object(&mut self, world: WorldId, real: &AnyRef, holds: Option<RefId>) -> RefId {
        self.objects.push(Object {
            world,
            kind: real.kind(),
            address: real.address(),
            watch: real.watch(),
            holds,
        });
        let object = self.objects.len() - 1;
        self.refs.number(Ref::Object(object))
    }

    /// Registers a new source of items.
    pub fn add_source(&mut self, world: WorldId, left: u8, token: &Arc<()>) -> usize {
        self.sources.push(Source {
            world,
            left,
            token: Arc::downgrade(token),
        });
        self.sources.len() - 1
    }

    /// The object at this address, if there is one.
    fn object_at(&self, address: usize) -> Option<ObjectId> {
        self.objects
            .iter()
            .position(|object| object.address == address && object.watch.is_alive())
    }

    /// A reference has arrived: it must be no object of another side, and be what the model says.
    fn arrived(&mut self, world: WorldId, real: &AnyRef, expected: RefId) -> Result<(), String> {
        let address = real.address();
        if let Some(object) = self.object_at(address)
            && self.objects[object].world != world
        {
            return Err(format!(
                "escape: world {world} holds object {object} of world {} itself; it should be {}",
                self.objects[object].world,
                self.refs.describe(expected)
            ));
        }
        if let Ref::Object(object) = self.refs.get(expected) {
            if self.objects[object].address == address {
                self.tally.home += 1;
                return Ok(());
            }
            return Err(format!(
                "identity: world {world} should have got object {object} itself, and got something else"
            ));
        }
        if self.object_at(address).is_some() {
            return Err(format!(
                "identity: an object itself, in world {world}, instead of {}",
                self.refs.describe(expected)
            ));
        }
        if let Some((other, _)) = self.proxies.iter().find(|(other, watch)| {
            **other != expected && watch.is_alive() && watch.address() == address
        }) {
            return Err(format!(
                "identity: world {world} should have got {}, and got {}",
                self.refs.describe(expected),
                self.refs.describe(*other)
            ));
        }
        match self.proxies.get(&expected) {
            Some(watch) if watch.is_alive() && watch.address() != address => Err(format!(
                "identity: a second proxy, while the first lives: {}",
                self.refs.describe(expected)
            )),
            _ => {
                self.proxies.insert(expected, real.watch());
                self.tally.away += 1;
                Ok(())
            }
        }
    }

    /// What arrived in `world`, against what should have.
    pub fn receive(
        &mut self,
        world: WorldId,
        leaves: Vec<Leaf>,
        parts: Vec<Part>,
        rubbish: &mut Vec<Rubbish>,
    ) -> Result<(), String> {
        if leaves.len() != parts.len() {
            return Err(format!(
                "{} references arrived, and not {}",
                leaves.len(),
                parts.len()
            ));
        }
        for (leaf, part) in leaves.into_iter().zip(parts) {
            match (leaf, part) {
                (Leaf::Ref(real), Part::Ref(model, _)) => {
                    let fine = self.arrived(world, &real, model);
                    rubbish.push((self.worlds[world].hold(Held { real, model }), None));
                    fine?;
                }
                (Leaf::Items(real), Part::Items(model)) => {
                    rubbish.push((
                        None,
                        self.worlds[world].hold_items(HeldItems { real, model }),
                    ));
                }
                _ => {
                    return Err(String::from(
                        "a reference and an iterator have changed places",
                    ));
                }
            }
        }
        Ok(())
    }
}
