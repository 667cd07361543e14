//! Taking access back: cut the whole subtree, tell who asked to know, then free.

use crate::authority::watch;
use crate::fault::{self, Fault};
use crate::identity::Tables;
use crate::reason::Reason;
use crate::tree::{Observer, Scope};
use crate::waiting::Waiters;
use object_membrane_gate::sync::lock;
use object_membrane_gate::{Cut, WaitFailure, drop_flat, isolate, quietly};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A facet of a membrane whose only power is to end access.
///
/// # Authority
///
/// Whoever holds one can revoke the membrane and everything derived from it, and can ask whether that has happened. A
/// clone carries the same. It cannot cross a membrane.
///
/// # Examples
///
/// ```
/// use membrane::{Membrane, Policy};
///
/// let membrane = Membrane::new(Policy::deny_all());
/// let revoker = membrane.revoker();
/// revoker.revoke("done");
/// assert!(membrane.is_revoked());
/// ```
#[derive(Clone)]
#[must_use = "dropping a `Revoker` revokes nothing: use `Membrane::scoped` for access that ends with a scope"]
pub struct Revoker(pub(crate) Arc<Scope>);

impl Revoker {
    /// Ends access; see [`Membrane::revoke`](crate::Membrane::revoke).
    pub fn revoke(&self, reason: impl Into<Reason>) {
        revoke(&self.0, reason.into());
    }

    /// Ends access and waits; see [`Membrane::revoke_and_wait`](crate::Membrane::revoke_and_wait).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn revoke_and_wait(
        &self,
        reason: impl Into<Reason>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        revoke_and_wait(&self.0, reason.into(), timeout)
    }

    /// Whether access has ended.
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked()
    }
}

impl std::fmt::Debug for Revoker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Revoker")
            .field("revoked", &self.is_revoked())
            .finish()
    }
}

/// A call that was still running.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RunningCall {
    /// The interface that its object crossed as.
    pub interface: &'static str,
    /// The method; `None` while the membrane itself looks at the object, `(leased)` while somebody has a
    /// [`lease`](crate::lease()) of it.
    pub method: Option<&'static str>,
    /// For how long it had been running, to the millisecond, if its membrane had conditions or rules, was audited or counted, or
    /// was suspended, when it began: other calls do not look at the time.
    pub running_for: Option<Duration>,
}

impl std::fmt::Display for RunningCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}::{}",
            self.interface,
            self.method.unwrap_or("(being passed on)")
        )
    }
}

/// Why [`Membrane::revoke_and_wait`](crate::Membrane::revoke_and_wait) returned early. Access has ended all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// This thread is inside a call that it would wait for, or has a [`lease`](crate::lease()) of the same, or is dropping a
    /// target on behalf of a revocation.
    Inside,
    /// Time ran out while these calls were running. If there are none, targets were still being dropped.
    TimedOut(Vec<RunningCall>),
}

impl std::fmt::Display for WaitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inside => {
                f.write_str("revoked, but this thread is inside a call that it would wait for")
            }
            Self::TimedOut(calls) if calls.is_empty() => {
                f.write_str("revoked, but targets are still being dropped")
            }
            Self::TimedOut(calls) => {
                f.write_str("revoked, but still running: ")?;
                for (index, call) in calls.iter().enumerate() {
                    write!(f, "{}{call}", if index > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for WaitError {}

/// Cuts `root` and everything derived from it; then tells the observers; then frees.
///
/// Returns `root`, and with it the scopes of the subtree, whoever cut them, unless nothing of any of them is left to wait for.
pub(crate) fn revoke(root: &Arc<Scope>, reason: Reason) -> Vec<Arc<Scope>> {
    revoke_all(vec![root.clone()], reason)
}

/// The same for several: all of them are cut before anything of any is freed. They come first in what it returns.
pub(crate) fn revoke_all(roots: Vec<Arc<Scope>>, reason: Reason) -> Vec<Arc<Scope>> {
    let roots = if fault::on(Fault::ParentToo) {
        let above = |root: Arc<Scope>| root.data().parent().cloned().unwrap_or(root);
        roots.into_iter().map(above).collect()
    } else {
        roots
    };
    if fault::on(Fault::EarlyWake) {
        let mut waiters = Waiters::default();
        for root in &roots {
            if let Some(tables) = lock(&root.data().tables).get() {
                tables.waiters(&mut waiters);
            }
        }
        waiters.wake().into_iter().for_each(drop_flat);
    }
    let mut cuts: Vec<Cut<_>> = Vec::new();
    let mut audited = Vec::new();
    let mut observers: Vec<(Observer, Reason)> = Vec::new();
    let asked = roots.len();
    let mut subtree = roots;
    // The positions in it of those that have children.
    let mut parents = Vec::new();
    let mut children = Vec::new();
    let mut next = 0;
    while let Some(scope) = subtree.get(next) {
        let mut family = lock(&scope.data().family);
        if let Some(cut) = scope.cut(reason.number()) {
            cuts.push(cut);
            if scope.data().place().flags().audited {
                audited.push(scope.clone());
            }
            let reason = Reason::from_number(scope.reason());
            if let Some(family) = family.get_mut() {
                let told = family.observers.drain(..);
                observers.extend(told.map(|observer| (observer, reason)));
            }
        } else if fault::on(Fault::TrustedCut) {
            next += 1;
            continue;
        }
        // A scope that another thread has cut is walked, too: it may not have got to the children yet, and nothing of
        // the subtree may be live when either returns.
        if let Some(family) = family.get_mut()
            && !fault::on(Fault::ChildrenLeft)
        {
            children.extend(family.children.iter().filter_map(Weak::upgrade));
            if fault::on(Fault::EarlyOrphans) {
                family.children.clear();
            }
        }
        drop(family);
        if !children.is_empty() {
            parents.push(next);
            subtree.append(&mut children);
        }
        next += 1;
    }
    // From here on the subtree is dead.
    let cut_here = cuts.len() == subtree.len();
    let mut waiters = Waiters::default();
    let mut unheard = Vec::new();
    let isolated = isolate(cuts, |scope| {
        let tables: Tables = lock(&scope.data().tables).take();
        if let Some(ledger) = scope.data().ledger() {
            ledger.release_proxies(tables.len());
        }
        tables.waiters(&mut waiters);
        let (holders, watchers) = tables.into_holders();
        unheard.extend(watchers);
        holders
    });
    // First of all that may block: a running call may be waiting for one of these, and an observer for that call.
    let woken = if fault::on(Fault::EarlyWake) {
        Vec::new()
    } else {
        waiters.wake()
    };
    // Before the freeing, which the other side's `Drop`s may hold up, and after the fence, so that an observer may wait.
    for scope in &audited {
        watch::revoked(scope);
    }
    for (observer, reason) in observers {
        quietly(move || observer(reason));
    }
    let nothing_left = cut_here && isolated.is_empty();
    isolated.free();
    drop(unheard);
    // Where these are the last references, their targets are gone by now.
    woken.into_iter().for_each(drop_flat);
    if nothing_left || subtree.iter().all(|scope| scope.is_drained()) {
        // What they list is in `subtree`, in this order, or gone: each scope goes with its parent's reference to it.
        let listed = parents.iter().map(|parent| orphans(&subtree[*parent]));
        let listed: Vec<_> = listed.collect();
        let mut listed = listed.into_iter().flatten();
        for scope in subtree.drain(asked..) {
            drop(listed.next());
            drop(scope);
        }
    } else {
        // Children first: so that a line of them goes at once.
        for parent in parents.into_iter().rev() {
            forget_settled_children(&subtree[parent]);
        }
    }
    subtree
}

/// The children of a revoked scope, which gets no new ones, forgotten by it.
fn orphans(scope: &Scope) -> Vec<Weak<Scope>> {
    let mut family = lock(&scope.data().family);
    let family = family.get_mut();
    family.map_or(Vec::new(), |family| std::mem::take(&mut family.children))
}

/// Forgets the children that a later revocation need not walk, because nothing of them or below them is left to wait for.
fn forget_settled_children(scope: &Arc<Scope>) {
    // Looked at outside the lock: these may become the last references.
    let unsettled: Vec<_> = scope
        .data()
        .children()
        .into_iter()
        .filter(|child| child.upgrade().is_some_and(|child| !is_settled(&child)))
        .collect();
    let _settled = std::mem::replace(&mut lock(&scope.data().family).make().children, unsettled);
}

fn is_settled(scope: &Scope) -> bool {
    scope.is_drained()
        && lock(&scope.data().family)
            .get()
            .is_none_or(|family| family.children.is_empty())
}

pub(crate) fn revoke_and_wait(
    root: &Arc<Scope>,
    reason: Reason,
    timeout: Duration,
) -> Result<(), WaitError> {
    // No deadline if the clock cannot express it: that is for ever.
    let deadline = Instant::now().checked_add(timeout);
    let subtree = revoke(root, reason);
    // Before waiting for anything: what runs elsewhere may be waiting for the call that this thread is inside of.
    if subtree.iter().any(|scope| scope.is_inside()) {
        return Err(WaitError::Inside);
    }
    let mut running = Vec::new();
    let mut timed_out = false;
    for scope in &subtree {
        match scope.wait(deadline) {
            Ok(()) => {}
            Err(WaitFailure::Inside) => return Err(WaitError::Inside),
            Err(WaitFailure::TimedOut(calls)) => {
                timed_out = true;
                running.extend(calls.iter().map(|call| {
                    let (interface, method) = call.holder.method_name(call.method);
                    RunningCall {
                        interface,
                        method,
                        running_for: call.running_for,
                    }
                }));
            }
        }
    }
    if timed_out {
        Err(WaitError::TimedOut(running))
    } else {
        Ok(())
    }
}
