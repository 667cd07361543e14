//! Taking access away for a while, from a whole subtree.
//!
//! # States
//!
//! Each node has a word: whether it is suspended itself, with the reason, and whether it is *covered*, because it or one that
//! it derives from is suspended. A covered node is guarded in the gate. Only that a node is suspended itself is the truth;
//! *covered* and *guarded* say that whoever calls must look for it further up.
//!
//! # Who may touch which field when
//!
//! A node's word changes under the lock of its family only. Whoever changes whether a node is suspended then walks its subtree,
//! parents before children, and at each node sets, under that lock, *covered* by the node's own word and its parent's, and
//! the guard by that.
//!
//! # Why it is sound
//!
//! A walk that changes a node goes on to its children, and whoever walks them reads their parent's word under their own locks.
//! So the last walk at each node has read what the last walk at its parent wrote: when all walks are over, every node is
//! covered that must be and no other. Meanwhile a node that a suspension's walk has covered is uncovered by a walk alone that
//! has read, further up, what a later resumption wrote. A child that is born during a walk is listed, or reads its parent's
//! word, under the lock under which the walk reads the list and writes the word.

use crate::authority::{AuditEvent, watch};
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::reason::Reason;
use crate::tree::{Node, Scope};
use object_membrane_gate::sync::{Acquire, AtomicU32, Release, lock};
use std::sync::{Arc, Weak};

/// Whether a node is suspended, and whether it is covered.
pub(crate) struct Word(AtomicU32);

const COVERED: u32 = 1 << 31;
/// One more than the reason; zero if the node is not suspended itself.
const OWN: u32 = COVERED - 1;

impl Word {
    /// Not suspended.
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Covers a node that is being born, if its parent is covered. Under the lock of the parent's family.
    pub(crate) fn inherit(&self, parent: &Self) {
        self.set_covered(parent.is_covered());
    }

    /// Whether the node or one that it derives from is suspended.
    pub(crate) fn is_covered(&self) -> bool {
        self.load() & COVERED != 0
    }

    /// Why the node itself is suspended.
    fn own(&self) -> Option<Reason> {
        let own = self.load() & OWN;
        own.checked_sub(1).map(Reason::from_number)
    }

    fn load(&self) -> u32 {
        // Acquire: what was done before a suspension or a resumption is visible; pairs with the stores below.
        self.0.load(Acquire)
    }

    /// Under the lock of the node's family.
    fn set_own(&self, reason: Option<Reason>) {
        let own = reason.map_or(0, |reason| reason.number() + 1);
        // Release: pairs with `load`.
        self.0.store(self.load() & COVERED | own, Release);
    }

    /// Under the lock of the node's family.
    fn set_covered(&self, covered: bool) {
        let covered = if covered { COVERED } else { 0 };
        // Release: pairs with `load`.
        self.0.store(self.load() & OWN | covered, Release);
    }
}

/// Suspends `scope` and all that derives from it. No effect on a scope that is revoked.
pub(crate) fn suspend(scope: &Arc<Scope>, reason: Reason, retry_after_ms: u32) {
    {
        let mut family = lock(&scope.data().family);
        if scope.is_revoked() {
            return;
        }
        family.make().retry_after_ms = retry_after_ms;
        scope.data().suspended.set_own(Some(reason));
        family.next_epoch();
    }
    walk(scope);
    if scope.data().place().flags().audited {
        watch::tell(scope.data(), AuditEvent::Suspended { reason });
    }
}

/// Ends the suspension of `scope` itself.
pub(crate) fn resume(scope: &Arc<Scope>) {
    let resumed = {
        let mut family = lock(&scope.data().family);
        let resumed = scope.data().suspended.own().is_some();
        if resumed {
            scope.data().suspended.set_own(None);
            family.next_epoch();
        }
        resumed
    };
    walk(scope);
    if resumed && scope.data().place().flags().audited {
        watch::tell(scope.data(), AuditEvent::Resumed);
    }
}

/// Covers and guards what must be, from `root` down.
fn walk(root: &Arc<Scope>) {
    let mut pending = vec![root.clone()];
    while let Some(scope) = pending.pop() {
        let node = scope.data();
        let stale = fault::on(Fault::CoverUnlocked).then(|| must_be_covered(node));
        let children = {
            let family = lock(&node.family);
            node.suspended
                .set_covered(stale.unwrap_or_else(|| must_be_covered(node)));
            if node.must_be_guarded() {
                scope.guard();
            } else {
                scope.unguard();
            }
            family
                .get()
                .map_or(Vec::new(), |family| family.children.clone())
        };
        pending.extend(children.iter().filter_map(Weak::upgrade));
    }
}

fn must_be_covered(node: &Node) -> bool {
    let above = node.parent().map(|parent| &parent.data().suspended);
    node.suspended.own().is_some() || above.is_some_and(Word::is_covered)
}

/// The nearest suspension that covers `scope`, if that is not revoked: then nobody covers and uncovers it any more.
pub(crate) fn of(scope: &Scope) -> Option<(Reason, u32)> {
    if scope.is_revoked() {
        return None;
    }
    nearest(scope)
}

fn nearest(scope: &Scope) -> Option<(Reason, u32)> {
    if !scope.data().suspended.is_covered() {
        return None;
    }
    let mut at = scope.data();
    loop {
        if at.suspended.own().is_some() {
            let family = lock(&at.family);
            // Looked at again, for what belongs together.
            if let Some(reason) = at.suspended.own() {
                let retry_after_ms = family.get().map_or(0, |family| family.retry_after_ms);
                return Some((reason, retry_after_ms));
            }
        }
        at = at.parent()?.data();
    }
}

/// Refuses a call of a scope that is suspended.
///
/// # Errors
///
/// Suspended, with the reason of the nearest suspension and when to try again.
pub(crate) fn check(scope: &Scope) -> Result<(), Error> {
    // Not `of`: a call that a revocation overtakes here must not start for that.
    match nearest(scope) {
        None => Ok(()),
        Some((reason, retry_after_ms)) => Err(Error::suspended(reason, retry_after_ms)),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::conditions::Conditions;
    use crate::membrane_handle::Membrane;
    use crate::policy::Policy;

    fn grant(membrane: &Membrane) -> Membrane {
        membrane.grant(&Policy::deny_all()).expect("live")
    }

    fn guarded<const N: usize>(line: [&Membrane; N]) -> [bool; N] {
        line.map(|membrane| membrane.0.is_guarded())
    }

    /// Fails if `walk` does not lift a guard that nothing needs any more.
    #[test]
    fn calls_are_fast_again_once_every_suspension_is_over() {
        let root = Membrane::new(Policy::deny_all());
        let child = grant(&root);
        let grandchild = grant(&child);
        let sibling = grant(&root);
        let line = [&root, &child, &grandchild, &sibling];
        assert_eq!(guarded(line), [false; 4]);
        child.suspend("one", None);
        assert_eq!(guarded(line), [false, true, true, false]);
        root.suspend("two", None);
        assert_eq!(guarded(line), [true; 4]);
        let late = grant(&grandchild);
        assert_eq!(guarded([&late]), [true]);
        child.resume();
        assert_eq!(guarded(line), [true; 4]);
        root.resume();
        assert_eq!(guarded(line), [false; 4]);
        assert_eq!(guarded([&late]), [false]);
        assert_eq!(guarded([&grant(&late)]), [false]);
    }

    /// Fails if a resumption forgets the conditions, of the node or of one above.
    #[test]
    fn conditions_are_asked_after_a_resumption() {
        let ten = Conditions::builder().calls(10).build().expect("sound");
        let root = Membrane::with_conditions(Policy::deny_all(), &ten).expect("no clock");
        let child = grant(&root);
        root.suspend("one", None);
        root.resume();
        assert_eq!(guarded([&root, &child]), [true; 2]);
    }
}
