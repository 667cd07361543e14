//! The tree of membranes: each node a scope of its own, revoked with its ancestors.
//!
//! # Two relations
//!
//! - **parent**: whose policy bounds this one's, and whose revocation includes it.
//! - **wet side**: whose objects are lent. A node made by `grant` shares its parent's wet side (another holder of the same
//!   owner's objects); one made by `attenuate` has its parent's dry side as its wet side (a holder lends on).
//!
//! A *side* is named by the depth of the node whose dry side it is, on the path from a node to the root; zero is the
//! owner of everything, the root's wet side. Following wet sides from a node's dry side to the owner gives the sides that
//! a value passes on its way: the node's *path*.
//!
//! # Locks
//!
//! `family` and `tables` are never held together, and no foreign code runs under either. The accounts of a ledger are locked
//! under `tables`, never the other way round, and not under `family`.

use crate::authority::tally::{Flags, Place};
use crate::authority::{Audit, AuditEvent, GrantId, GrantKind, watch};
use crate::cold::Cold;
use crate::conditions::ledger::Ledger;
use crate::conditions::suspension::Word;
use crate::fault::{self, Fault};
use crate::identity::Tables;
use crate::policy::{Policy, PolicyProblem};
use crate::reason::Reason;
use crate::rules::StandingRules;
use object_membrane_gate::sync::{Mutex, lock};
use object_membrane_gate::{self as gate, Options, drop_flat};
use std::sync::{Arc, Weak};

pub(crate) type Scope = gate::Scope<Node>;

/// What a scope knows of its place.
pub(crate) struct Node {
    /// The root's number: the same in all nodes of one tree, and in no other tree.
    root: u64,
    /// One for the root.
    depth: u16,
    /// The wet side: the depth of an ancestor, or zero.
    wet: u16,
    /// Its number, which no other node has, ever; and its counters.
    place: Place,
    parent: Option<Arc<Scope>>,
    /// As it is shown.
    policy: Policy,
    /// Boxed: most nodes have none.
    rules: Option<Box<StandingRules>>,
    /// The conditions, of this node or of the nearest ancestor that has any.
    ledger: Option<Arc<Ledger>>,
    pub(crate) suspended: Word,
    pub(crate) family: Mutex<Cold<Family>>,
    pub(crate) tables: Mutex<Cold<Tables>>,
}

/// What a node must tell of a revocation, or of a suspension.
#[derive(Default)]
pub(crate) struct Family {
    pub(crate) children: Vec<Weak<Scope>>,
    /// How many children have died since the list was swept: each keeps its memory until then.
    dead: u32,
    /// When to try again, if the node is suspended itself; zero if that is not known.
    pub(crate) retry_after_ms: u32,
    pub(crate) observers: Vec<Observer>,
    /// Boxed together: most nodes have none.
    notes: Option<Box<Notes>>,
}

/// What an owner has said of a node, beside its policy.
#[derive(Default)]
pub(crate) struct Notes {
    /// What the owner calls the holder.
    label: Option<Box<str>>,
    /// Who is told of what happens in the node, and below.
    pub(crate) audit: Option<Arc<dyn Audit>>,
    /// Whether the calls of the node, and below, are counted.
    pub(crate) counting: bool,
    /// How often the node itself was suspended and resumed.
    epoch: u64,
    /// How many of the node's own calls somebody was told of, or will be.
    calls: u64,
}

impl Family {
    /// This many dead are not worth a sweep.
    const FEW: usize = 16;

    /// Notes that a child is gone, and forgets the dead when they are half of the list.
    fn bury(&mut self) {
        self.dead += 1;
        if (self.dead as usize) < Self::FEW.max(self.children.len() / 2) {
            return;
        }
        self.dead = 0;
        self.children.retain(|child| child.strong_count() > 0);
        self.children.shrink_to(2 * self.children.len());
    }
}

impl Cold<Family> {
    pub(crate) fn notes(&mut self) -> &mut Notes {
        self.make().notes.get_or_insert_default()
    }

    fn noted(&self) -> Option<&Notes> {
        self.get()?.notes.as_deref()
    }

    /// What the node itself asks for.
    pub(crate) fn asks(&self) -> Flags {
        self.noted().map_or(Flags::default(), |notes| Flags {
            audited: notes.audit.is_some(),
            counting: notes.counting,
        })
    }

    pub(crate) fn hook(&self) -> Option<Arc<dyn Audit>> {
        self.noted()?.audit.clone()
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.noted().map_or(0, |notes| notes.epoch)
    }

    pub(crate) fn next_epoch(&mut self) {
        self.notes().epoch += 1;
    }

    /// The number of one more call that somebody is told of.
    pub(crate) fn next_call(&mut self) -> u64 {
        let calls = &mut self.notes().calls;
        *calls += 1;
        *calls
    }

    pub(crate) fn children(&self) -> Vec<Weak<Scope>> {
        self.get()
            .map_or(Vec::new(), |family| family.children.clone())
    }
}

pub(crate) type Observer = Box<dyn FnOnce(Reason) + Send>;

/// Which wet side a new node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WetSide {
    /// Its parent's.
    OfParent,
    /// Its parent's dry side.
    ParentsDry,
}

/// Why a node could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unborn {
    /// The parent is revoked.
    Revoked,
    /// The parent's depth is the greatest there is.
    TooDeep,
}

fn scope(node: Node) -> Scope {
    let policy = &node.policy;
    let options = Options {
        depth_limit: policy.depth_limit(),
        propagate_panics: policy.on_panic() == crate::policy::OnPanic::Propagate,
    };
    Scope::new(options, node)
}

/// Bytes kept of a label.
const MAX_LABEL_BYTES: usize = 256;

impl Node {
    /// The root of a new tree.
    pub(crate) fn root(policy: Policy, ledger: Option<Arc<Ledger>>) -> Arc<Scope> {
        let place = Place::new();
        let root = scope(Self {
            root: place.number(),
            depth: 1,
            wet: 0,
            place,
            parent: None,
            rules: StandingRules::of_root(&policy),
            policy: policy.sealed(),
            ledger,
            suspended: Word::new(),
            family: Mutex::default(),
            tables: Mutex::default(),
        });
        if root.data().must_be_guarded() {
            root.guard();
        }
        let root = Arc::new(root);
        if fault::on(Fault::KeptRoots) {
            std::mem::forget(root.clone());
        }
        root
    }

    /// The wet side of a child.
    fn side(&self, wet: WetSide) -> u16 {
        match wet {
            WetSide::OfParent => self.wet,
            WetSide::ParentsDry => self.depth,
        }
    }

    /// The rules of a child with this policy.
    ///
    /// # Errors
    ///
    /// What there is against those that it adds.
    pub(crate) fn childs_rules(
        &self,
        wet: WetSide,
        policy: &Policy,
    ) -> Result<Option<Box<StandingRules>>, Vec<PolicyProblem>> {
        StandingRules::of_child(self.rules(), policy, self.side(wet))
    }

    /// A child of `parent`, unless that is revoked. The caller has checked that `policy` is no wider than the parent's.
    pub(crate) fn child(
        parent: &Arc<Scope>,
        wet: WetSide,
        policy: Policy,
        rules: Option<Box<StandingRules>>,
        ledger: Option<Arc<Ledger>>,
    ) -> Result<Arc<Scope>, Unborn> {
        let above = parent.data();
        let depth = above
            .depth
            .checked_add(1)
            .filter(|depth| *depth < u16::MAX)
            .ok_or(Unborn::TooDeep)?;
        let child = Arc::new(scope(Self {
            root: above.root,
            depth,
            wet: above.side(wet),
            place: Place::new(),
            parent: Some(parent.clone()),
            policy: policy.sealed(),
            rules,
            ledger,
            suspended: Word::new(),
            family: Mutex::default(),
            tables: Mutex::default(),
        }));
        let mut family = lock(&above.family);
        // Under the lock: a revoker cuts the parent first and then asks, under it, for the children.
        if parent.is_revoked() && !fault::on(Fault::ChildUnchecked) {
            drop(family);
            return Err(Unborn::Revoked);
        }
        // Under the lock: a suspender's walk covers the parent first and then asks, under it, for the children.
        if !fault::on(Fault::ChildUncovered) {
            child.data().suspended.inherit(&above.suspended);
        }
        // The same for a walk of `watch`.
        let flags = above.place.flags();
        if flags != Flags::default() {
            child.data().place.set_flags(flags);
        }
        if child.data().must_be_guarded() {
            child.guard();
        }
        family.make().children.push(Arc::downgrade(&child));
        Ok(child)
    }

    /// Whether calls must be admitted one by one. The one place that says so.
    ///
    /// Asked at birth, and whenever an answer may have changed: then under the lock of the family.
    pub(crate) fn must_be_guarded(&self) -> bool {
        self.ledger.is_some()
            || self.suspended.is_covered()
            || self.place.flags() != Flags::default()
            || self.rules.is_some()
    }

    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.ledger.as_ref()
    }

    pub(crate) fn parent(&self) -> Option<&Arc<Scope>> {
        self.parent.as_ref()
    }

    #[inline]
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn rules(&self) -> Option<&StandingRules> {
        self.rules.as_deref()
    }

    pub(crate) fn root_id(&self) -> u64 {
        self.root
    }

    /// The side that this node lends from.
    pub(crate) fn wet(&self) -> u16 {
        self.wet
    }

    /// The children listed now, those that have died since included.
    pub(crate) fn children(&self) -> Vec<Weak<Scope>> {
        lock(&self.family).children()
    }

    pub(crate) fn id(&self) -> GrantId {
        GrantId(self.place.number())
    }

    #[inline(always)]
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn kind(&self) -> GrantKind {
        match &self.parent {
            None => GrantKind::Membrane,
            Some(parent) if parent.data().depth == self.wet => GrantKind::Attenuate,
            Some(_) => GrantKind::Grant,
        }
    }

    /// Whether there was none before.
    pub(crate) fn set_label(&self, label: &str) -> bool {
        let kept = &label[..label.floor_char_boundary(MAX_LABEL_BYTES)];
        let mut family = lock(&self.family);
        let label = &mut family.notes().label;
        let first = label.is_none();
        if first {
            *label = Some(kept.into());
        }
        first
    }

    pub(crate) fn label(&self) -> Option<String> {
        let family = lock(&self.family);
        family.noted()?.label.as_deref().map(String::from)
    }
}

impl Drop for Node {
    /// Frees a long line of ancestors one by one instead of each inside the next.
    ///
    /// Whoever holds the last proxy drops the node: what its owner left here must not panic at them, and may hold the last
    /// proxy of the next node, and so on.
    fn drop(&mut self) {
        self.tell_freed();
        let family = lock(&self.family).take();
        family.observers.into_iter().for_each(drop_flat);
        if let Some(hook) = family.notes.and_then(|notes| notes.audit) {
            drop_flat(hook);
        }
        let mut parent = self.parent.take();
        while let Some(above) = parent {
            // Its references to the dead are weak: what is freed under the lock is memory.
            if let Some(family) = lock(&above.data().family).get_mut() {
                family.bury();
            }
            parent = Arc::into_inner(above).and_then(|mut last| {
                // While it still has those above it, who are told.
                last.data_mut().tell_freed();
                last.data_mut().parent.take()
            });
        }
    }
}

impl Node {
    /// Tells, once, that the node goes.
    fn tell_freed(&mut self) {
        if self.place.flags().audited {
            watch::tell(self, AuditEvent::Freed);
            self.place.set_flags(Flags::default());
        }
    }
}

/// The node on `scope`'s line of ancestors, itself included, whose dry side is `side`; `None` for the owner's side.
pub(crate) fn holder(scope: &Arc<Scope>, side: u16) -> Option<&Arc<Scope>> {
    let mut at = scope;
    while at.data().depth > side {
        at = at.data().parent.as_ref()?;
    }
    (at.data().depth == side).then_some(at)
}

/// Whether a value passes the dry side of `waypoint` on its way between the dry side of `scope` and the owner.
pub(crate) fn passes(scope: &Arc<Scope>, waypoint: &Arc<Scope>) -> bool {
    let mut at = Some(scope);
    while let Some(here) = at {
        if Arc::ptr_eq(here, waypoint) {
            return true;
        }
        at = holder(here, here.data().wet);
    }
    false
}

/// Whether `scope` is `ancestor` or derives from it.
pub(crate) fn descends(scope: &Arc<Scope>, ancestor: &Arc<Scope>) -> bool {
    holder(scope, ancestor.data().depth).is_some_and(|at| Arc::ptr_eq(at, ancestor))
}

/// Whether two sides are the same one.
pub(crate) fn same_side(a: Option<&Arc<Scope>>, b: Option<&Arc<Scope>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Family, Node, Scope, WetSide};
    use crate::policy::Policy;
    use object_membrane_gate::sync::lock;
    use std::sync::Arc;

    fn child(parent: &Arc<Scope>) -> Arc<Scope> {
        Node::child(parent, WetSide::OfParent, Policy::deny_all(), None, None).expect("live")
    }

    /// What the parent keeps of its children: how many are listed, and how many there is room for.
    fn kept(parent: &Scope) -> (usize, usize) {
        let family = lock(&parent.data().family);
        family.get().map_or((0, 0), |family| {
            (family.children.len(), family.children.capacity())
        })
    }

    /// Fails if `Drop for Node` does not tell its parent, or `bury` does not shrink the list.
    #[test]
    fn dead_children_take_no_memory() {
        const MANY: usize = if cfg!(miri) { 200 } else { 100_000 };
        let root = Node::root(Policy::deny_all(), None);
        for _ in 0..MANY {
            drop(child(&root));
            assert!(kept(&root).0 <= Family::FEW, "{:?}", kept(&root));
        }
        let survivor = child(&root);
        let mut lent: Vec<_> = (0..MANY).map(|_| child(&root)).collect();
        while lent.pop().is_some() {
            let (listed, capacity) = kept(&root);
            assert!(
                listed <= 2 * (lent.len() + 1) + Family::FEW,
                "{listed} of {}",
                lent.len()
            );
            assert!(
                capacity <= 4 * (lent.len() + 1) + 2 * Family::FEW,
                "{capacity} of {}",
                lent.len()
            );
        }
        assert!(
            lock(&root.data().family)
                .get()
                .expect("it has a child")
                .children
                .iter()
                .any(|kept| kept.as_ptr() == Arc::as_ptr(&survivor))
        );
    }
}
