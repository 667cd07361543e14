//! A target that one scope can take away: lent to each call under a frame, dropped when revoked and idle.
//!
//! # Fields
//!
//! - `target`: read under a published frame whose scope was then seen live (**I1**); taken by whoever moves `claim` from
//!   `CLAIMED` to `RELEASED` (**I2**), or by the cell's own `Drop`.
//! - `claim`: only moves forward.
//!
//! A cell is named by its address in frames. The address is that of a live cell for as long as a call runs, because the
//! call borrows the cell.

use crate::fault::{self, Fault};
use crate::frames::{self, Slot};
use crate::scope::{Refusal, Scope, scope_address};
use crate::sync::{AcqRel, Arc, AtomicU8, Relaxed, UnsafeCell};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A revocable target.
///
/// Dropping the cell drops the target; a panic in the target's `Drop` ends there.
pub struct Cell<T: ?Sized, X> {
    scope: Arc<Scope<X>>,
    target: UnsafeCell<Option<Arc<T>>>,
    claim: AtomicU8,
}

/// Nobody has claimed the target.
const FREE: u8 = 0;
/// A pass found the cell idle: the target is its to drop.
const CLAIMED: u8 = 1;
/// The target is dropped.
const RELEASED: u8 = 2;

// SAFETY: a cell hands out `&T` on any thread that calls (T: Sync), and its target may be dropped on any thread (T: Send).
// The `UnsafeCell` is written only by the one release of a claim, when no call reads it (I2).
unsafe impl<T: ?Sized + Send + Sync, X: Send + Sync> Send for Cell<T, X> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, X: Send + Sync> Sync for Cell<T, X> {}

impl<T: ?Sized, X> Cell<T, X> {
    /// Puts `target` under `scope`.
    ///
    /// The caller keeps a list of the scope's cells, and hands it to [`sever`](crate::sever) after a cut. A cell that is
    /// made after that list was handed over refuses every call, and keeps its target until it is dropped.
    pub fn new(scope: Arc<Scope<X>>, target: Arc<T>) -> Self {
        Self { scope, target: UnsafeCell::new(Some(target)), claim: AtomicU8::new(FREE) }
    }

    /// The scope that can take the target away.
    #[inline(always)]
    pub fn scope(&self) -> &Arc<Scope<X>> {
        &self.scope
    }

    /// Runs `f` on the target.
    ///
    /// `refuse` makes the error when the call is refused or its result withheld. `f` runs under `catch_unwind`.
    ///
    /// # Errors
    ///
    /// What `f` returns, or what `refuse` makes of: [`Refusal::Revoked`] if the scope is cut before `f` starts or before
    /// its result is delivered; [`Refusal::TooDeep`] if this thread is inside too many calls; [`Refusal::Panicked`] if `f`
    /// panics.
    ///
    /// # Panics
    ///
    /// If `f` panics and the scope's [`Options::propagate_panics`](crate::Options) is set; never otherwise.
    ///
    /// # Concurrency
    ///
    /// Wait-free up to the call of `f`. A call starts when the state is read before `f`, and delivers when it is read
    /// after; a cut between the two withholds the result.
    #[inline(always)]
    pub fn call<R, E>(
        &self,
        method: u32,
        f: impl FnOnce(&T) -> Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> Result<R, E> {
        let scope: &Scope<X> = &self.scope;
        let Ok(slot) = frames::enter(self.name(), method, || scope.options().depth_limit) else {
            return Err(refuse(scope, Refusal::TooDeep));
        };
        let mut result = if scope.check() {
            self.target.with(|target| {
                // SAFETY: I1: the frame is published and the scope was seen live after it, so nobody takes the target
                // before the frame is cleared, and nothing has taken it before.
                let target = unsafe { lent(target) };
                match catch_unwind(AssertUnwindSafe(|| f(target))) {
                    Ok(result) => result,
                    Err(payload) => Err(refuse(scope, panicked(scope, slot, payload))),
                }
            })
        } else {
            Err(refuse(scope, Refusal::Revoked))
        };
        slot.clear();
        if !scope.leave() {
            // I3. What was computed may run foreign code as it goes.
            crate::drop_quietly(std::mem::replace(&mut result, Err(refuse(scope, Refusal::Revoked))));
        }
        result
    }

    /// A strong reference to the target.
    ///
    /// # Errors
    ///
    /// [`Refusal::Revoked`] or [`Refusal::TooDeep`].
    pub fn pin(&self) -> Result<Arc<T>, Refusal> {
        let mut pinned = None;
        let result = self.call(
            u32::MAX,
            |_| {
                // SAFETY: I1, as in `call`, whose closure this is.
                pinned = self.target.with(|target| unsafe { (*target).clone() });
                Ok(())
            },
            |_, refusal| refusal,
        );
        match (result, pinned) {
            (Ok(()), Some(target)) => Ok(target),
            (Ok(()), None) => unreachable!("a live cell has a target (I1)"),
            (Err(refusal), pinned) => {
                crate::drop_quietly(pinned);
                Err(refusal)
            }
        }
    }

    /// Where the target lies, if it has not been taken.
    pub fn target_address(&mut self) -> Option<usize> {
        self.target.get_mut().as_ref().map(|target| Arc::as_ptr(target).cast::<()>().addr())
    }

    /// The cell's name in frames.
    #[inline(always)]
    fn name(&self) -> usize {
        std::ptr::from_ref(self).cast::<()>().addr()
    }
}

/// The target behind `target`.
///
/// # Safety
///
/// I1 must hold for as long as the result is used.
#[inline(always)]
unsafe fn lent<'a, T: ?Sized>(target: *const Option<Arc<T>>) -> &'a T {
    // SAFETY: by I1 nobody writes to it meanwhile.
    match unsafe { &*target } {
        Some(target) => target,
        // SAFETY: by I1 nothing has taken it.
        None => unsafe { std::hint::unreachable_unchecked() },
    }
}

/// Deals with a panic of the target: the payload goes no further.
#[cold]
#[inline(never)]
fn panicked<X>(scope: &Scope<X>, slot: &Slot, payload: Box<dyn Any + Send>) -> Refusal {
    crate::drop_quietly(payload);
    if scope.options().propagate_panics {
        slot.clear();
        if scope.leave() {
            panic!("a call through a membrane panicked");
        }
        // Revoked meanwhile: the caller gets that instead. The caller of this function clears the frame once more, which
        // is harmless: the slot is this thread's and nothing has used it since.
        return Refusal::Revoked;
    }
    Refusal::Panicked
}

impl<T: ?Sized, X> Drop for Cell<T, X> {
    fn drop(&mut self) {
        // `&mut self`: no call borrows the cell and no pass holds it.
        if let Some(target) = self.target.get_mut().take() {
            crate::drop_quietly(target);
        }
    }
}

impl<T: ?Sized, X> std::fmt::Debug for Cell<T, X> {
    /// Shows nothing of the target.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").finish_non_exhaustive()
    }
}

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
    fn claim(&self, pass: &Pass<'_>) -> Claim;

    /// Drops the target, if it is claimed and not dropped yet.
    #[doc(hidden)]
    fn release(&self);
}

/// One pass over the cells of a cut scope, after its barrier. Only `scope.rs` makes one, so only it can claim.
#[doc(hidden)]
pub struct Pass<'a> {
    pub(crate) scope: usize,
    pub(crate) in_use: &'a [(usize, u32)],
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

impl<T: ?Sized + Send + Sync, X: Send + Sync> Reclaim for Cell<T, X> {
    fn address(&self) -> usize {
        self.name()
    }

    fn claim(&self, pass: &Pass<'_>) -> Claim {
        // Both are asked of this very cell: what a holder answers at different times decides nothing.
        if scope_address(&self.scope) != pass.scope {
            return Claim::NotOurs;
        }
        let name = self.name();
        if pass.in_use.binary_search_by_key(&name, |(used, _)| *used).is_ok() {
            return Claim::Busy;
        }
        // AcqRel: one claim wins; pairs with `release`.
        if self.claim.compare_exchange(FREE, CLAIMED, AcqRel, Relaxed).is_ok() || fault::on(Fault::NoClaim) {
            Claim::Claimed
        } else {
            Claim::NotOurs
        }
    }

    fn release(&self) {
        // AcqRel: of all that would release, one takes the target; pairs with `claim`.
        if self.claim.compare_exchange(CLAIMED, RELEASED, AcqRel, Relaxed).is_ok() || fault::on(Fault::NoClaim) {
            // SAFETY: I2: the cell was claimed after the cut and the barrier, by a scan in which no frame named it; a frame
            // published since sees the cut. Only one release gets here.
            let target = self.target.with_mut(|target| unsafe { (*target).take() });
            crate::drop_quietly(target);
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: ?Sized, X> Sealed for super::Cell<T, X> {}
}
