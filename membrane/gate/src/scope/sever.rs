//! From a cut to targets that may be freed: one barrier for all scopes that were cut together.

use super::Scope;
use crate::barrier;
use crate::cell::Holder;
use crate::fault::{self, Fault};
use crate::sync::{Arc, Weak, lock};

/// Proof that a scope was cut, to be handed to [`sever`].
#[derive(Debug)]
#[must_use = "targets are freed only once the cut is handed to `sever`"]
pub struct Cut<X>(pub(super) Arc<Scope<X>>);

impl<X> Cut<X> {
    /// The scope that was cut.
    pub fn scope(&self) -> &Arc<Scope<X>> {
        &self.0
    }
}

/// V2 and V3: makes the targets of cut scopes ready to be freed, all after one barrier.
///
/// `cells` gives each scope's holders; it is asked after the barrier. Whatever it leaves out keeps its target until its
/// holder is dropped, and is not waited for. Holders of other scopes' cells are ignored.
///
/// # Concurrency
///
/// Runs no foreign code but `cells`, and so blocks for as long as that does; and the drop of a scope's data, where the cut was
/// all that held a scope of which nothing is left.
pub fn isolate<X>(
    mut cuts: Vec<Cut<X>>,
    mut cells: impl FnMut(&Arc<Scope<X>>) -> Vec<Weak<dyn Holder>>,
) -> Isolated<X> {
    if cuts.is_empty() {
        return Isolated(cuts);
    }
    if fault::on(Fault::EarlyReap) {
        for cut in &cuts {
            let busy = cells(&cut.0);
            lock(&cut.0.reap).change(|left| left.busy = busy);
        }
    }
    let fenced = barrier::heavy();
    cuts.retain(|cut| {
        if fault::on(Fault::EarlyReap) {
            lock(&cut.0.reap).fenced = true;
            return true;
        }
        let busy = cells(&cut.0);
        let mut reap = lock(&cut.0.reap);
        if !busy.is_empty() {
            reap.change(|left| left.busy = busy);
        }
        // Without the barrier nothing may be freed early: the targets stay with their holders.
        reap.fenced = fenced;
        if !fault::on(Fault::NoFenceNotify) {
            // Who waits since before the barrier has not been asked yet whether it is inside.
            cut.0.wake(&reap);
        }
        cut.0.note_if_drained(&reap);
        !cut.0.is_drained()
    });
    Isolated(cuts)
}

/// Scopes whose targets may be freed.
#[derive(Debug)]
#[must_use = "targets that are idle now are freed by `free` only"]
pub struct Isolated<X>(Vec<Cut<X>>);

impl<X> Isolated<X> {
    /// Whether nothing is left of any of the scopes: no target to free, and no call to wait for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// V4: frees what is idle. A target that is in use is freed by the last call to leave it.
    ///
    /// # Panics
    ///
    /// Never: a panic in a target's `Drop` is caught and its payload dropped.
    ///
    /// # Concurrency
    ///
    /// Blocks for as long as the targets' `Drop` takes, on this thread, outside all locks. The cut came before.
    pub fn free(self) {
        for cut in self.0 {
            cut.0.reap();
        }
    }
}

/// [`isolate`]s cut scopes, and frees their targets.
pub fn sever<X>(cuts: Vec<Cut<X>>, cells: impl FnMut(&Arc<Scope<X>>) -> Vec<Weak<dyn Holder>>) {
    isolate(cuts, cells).free();
}
