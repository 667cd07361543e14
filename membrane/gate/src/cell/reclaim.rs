//! Taking the targets of a cut scope: claimed by a pass that found no frame naming the cell, then dropped, once.

use super::owned::Owned;
use super::{CLAIMED, Cell, FREE, RELEASED};
use crate::fault::{self, Fault};
use crate::frames;
use crate::quiet::{Debt, drop_now, put_off};
use crate::scope::{Scope, scope_address};
use crate::sync::{AcqRel, Arc, Relaxed};

/// What holds a cell, shared by `Arc`, so that a pass can reach the cell without keeping its holder alive.
pub trait Holder: Send + Sync {
    /// The one cell that it holds: the same at every call.
    fn cell(&self) -> &dyn Reclaim;

    /// The interface, and the method of this number, for reports.
    fn method_name(&self, method: u32) -> (&'static str, Option<&'static str>);
}

/// A cell, whatever its target. Implemented by [`Cell`] alone, and of use to this crate alone.
pub trait Reclaim: sealed::Sealed {
    /// The name by which frames know the cell. It tells where the cell lies, nothing of its target.
    #[doc(hidden)]
    fn address(&self) -> usize;

    /// V4: claims the target if the cell is of the pass's scope and no frame of the pass's scan names it.
    #[doc(hidden)]
    fn claim(&self, pass: &Sweep<'_>) -> Claim;

    /// Drops the target, if it is claimed, of the pass's scope and not dropped yet.
    #[doc(hidden)]
    fn release(&self, pass: &Sweep<'_>) -> Released;
}

/// One pass over the cells of a cut scope, after its barrier. Only `scope.rs` makes one, so only it can claim.
#[doc(hidden)]
pub struct Sweep<'a> {
    pub(crate) scope: usize,
    pub(crate) in_use: &'a [(usize, frames::Underway)],
}

/// What a pass found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A frame names the cell.
    Busy,
    /// The target is this pass's to drop.
    Claimed,
    /// The cell is another scope's, or was claimed before.
    NotOurs,
}

/// What became of a target that was to be dropped.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is dropped, by this release or by another.
    Done,
    /// It will be dropped further out on this thread's stack, and the scope is told then.
    PutOff,
}

/// A target that is dropped later, and the scope that counts it until then.
struct Late<T: ?Sized + 'static, X> {
    target: Option<Owned<T>>,
    scope: Arc<Scope<X>>,
    _debt: Debt,
}

impl<T: ?Sized + 'static, X> Drop for Late<T, X> {
    fn drop(&mut self) {
        crate::drop_quietly(self.target.take());
        self.scope.dropped_late();
    }
}

impl<T: ?Sized + Send + Sync, X: Send + Sync + 'static> Reclaim for Cell<T, X> {
    fn address(&self) -> usize {
        self.name()
    }

    fn claim(&self, pass: &Sweep<'_>) -> Claim {
        // Both are asked of this very cell: what a holder answers at different times decides nothing.
        if scope_address(&self.scope) != pass.scope {
            return Claim::NotOurs;
        }
        let name = self.name();
        if pass
            .in_use
            .binary_search_by_key(&name, |(used, _)| *used)
            .is_ok()
        {
            return Claim::Busy;
        }
        // AcqRel: one claim wins; pairs with `release`.
        if self
            .claim
            .compare_exchange(FREE, CLAIMED, AcqRel, Relaxed)
            .is_ok()
            || fault::on(Fault::NoClaim)
        {
            Claim::Claimed
        } else {
            Claim::NotOurs
        }
    }

    fn release(&self, pass: &Sweep<'_>) -> Released {
        // As in `claim`: the pass counts what it claimed, and what is put off must be counted by its own scope.
        if scope_address(&self.scope) != pass.scope {
            return Released::Done;
        }
        // AcqRel: of all that would release, one takes the target; pairs with `claim`.
        if self
            .claim
            .compare_exchange(CLAIMED, RELEASED, AcqRel, Relaxed)
            .is_ok()
            || fault::on(Fault::NoClaim)
        {
            // SAFETY: I2: the cell was claimed after the cut and the barrier, by a scan in which no frame named it; a frame
            // published since sees the cut. Only one release gets here.
            let target = self.target.with_mut(|target| unsafe { (*target).take() });
            // AcqRel: pairs with the cell's drop.
            #[cfg(loom)]
            self.counted.fetch_add(1, AcqRel);
            if let Err(target) = drop_now(target) {
                put_off(Late {
                    target,
                    scope: self.scope.clone(),
                    _debt: Debt::new(),
                });
                return Released::PutOff;
            }
        }
        Released::Done
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: ?Sized, X> Sealed for super::Cell<T, X> {}
}
