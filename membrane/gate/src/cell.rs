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

mod admission;
mod owned;
mod reclaim;

pub use admission::{Admission, Pass};
pub use reclaim::{Holder, Reclaim};

pub(crate) use owned::{Owned, clone_of, take_by_words};
pub(crate) use reclaim::{Claim, Released, Sweep};

use crate::fault::{self, Fault};
use crate::frames::{self, Slot};
use crate::quiet::drop_flat;
use crate::scope::{Entry, Refusal, Scope};
#[cfg(loom)]
use crate::sync::AcqRel;
use crate::sync::{Arc, AtomicU8, UnsafeCell};
use admission::{Sharing, Unasked};
use owned::lent;
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A revocable target.
///
/// Dropping the cell drops the target; a panic in the target's `Drop` ends there.
pub struct Cell<T: ?Sized + 'static, X> {
    scope: Arc<Scope<X>>,
    pub(crate) target: UnsafeCell<Option<Owned<T>>>,
    claim: AtomicU8,
    /// A pass releases through an `Arc` to the holder, whose count orders that before the holder's drop. Loom does not see
    /// counts.
    #[cfg(loom)]
    counted: crate::sync::AtomicUsize,
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
        Self {
            scope,
            target: UnsafeCell::new(Some(Owned::new(target))),
            claim: AtomicU8::new(FREE),
            #[cfg(loom)]
            counted: crate::sync::AtomicUsize::new(0),
        }
    }

    /// The scope that can take the target away.
    #[inline(always)]
    pub fn scope(&self) -> &Arc<Scope<X>> {
        &self.scope
    }

    /// Runs `f` on the target; [`call_admitted`](Self::call_admitted) that admits everything.
    #[inline(always)]
    pub fn call<R, E>(
        &self,
        method: u32,
        f: impl FnOnce(&T) -> Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        let turned_away = |refusal| refuse(&self.scope, refusal);
        self.call_admitted(method, Unasked { f, turned_away }, refuse)
    }

    /// Runs `call` on the target.
    ///
    /// `refuse` makes the error of a call that was let in and whose result is withheld or that panicked; `call` itself that of
    /// one that was [turned away](Admission::turned_away). It runs under `catch_unwind`.
    ///
    /// In a [guarded](Scope::guard) scope the call is [admitted](Admission::admit) first, under its frame, and what that gives
    /// is shown to it and [told](Pass::end) how the call ended.
    ///
    /// # Errors
    ///
    /// What `call` returns or was refused with, or what `refuse` makes of: [`Refusal::Revoked`] if the scope is cut before
    /// it starts or before its result is delivered; [`Refusal::TooDeep`] if this thread is inside too many calls;
    /// [`Refusal::Panicked`] if it panics.
    ///
    /// # Panics
    ///
    /// If `call` panics and the scope's [`Options::propagate_panics`](crate::Options) is set; never otherwise.
    ///
    /// # Concurrency
    ///
    /// Wait-free up to the target. A call starts when the state is read before that, and delivers when it is read
    /// after; a cut between the two withholds the result.
    #[inline(always)]
    pub fn call_admitted<R, E>(
        &self,
        method: u32,
        call: impl Admission<T, R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        // The fast case, in line, is one thread's outermost call in a live scope. Whatever else there is, down to saving
        // a register, is in the other copy of the call, so that this one pays nothing for it.
        let Some(slot) = frames::enter_outermost(self.name(), method) else {
            return self.call_slow(method, call, refuse);
        };
        if !self.scope.check() {
            slot.clear();
            return self.call_slow(method, call, refuse);
        }
        self.run(slot, |target| call.run(target, None), refuse)
    }

    /// A call that is nested, a thread's first, or in a scope that is not in the fast live state.
    #[cold]
    #[inline(never)]
    fn call_slow<R, E>(
        &self,
        method: u32,
        call: impl Admission<T, R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        let scope: &Scope<X> = &self.scope;
        if scope.is_drained() {
            // Nobody scans for this cell any more, so that no frame is needed to be turned away.
            return Err(call.turned_away(method, Refusal::Revoked));
        }
        let Ok(slot) = frames::enter(self.name(), method, scope.options().depth_limit) else {
            // The fast case may have published a frame and cleared it: a pass may have left the cell to that. And revoked comes
            // before too deep.
            let refusal = if scope.leave() {
                Refusal::TooDeep
            } else {
                Refusal::Revoked
            };
            return Err(call.turned_away(method, refusal));
        };
        match scope.check_fenced() {
            Entry::Open => self.run(slot, |target| call.run(target, None), refuse),
            Entry::Guarded => self.run_guarded(slot, method, call, refuse),
            Entry::Cut => {
                slot.clear();
                // A pass may have found this frame and left the cell to it.
                scope.leave();
                Err(call.turned_away(method, Refusal::Revoked))
            }
        }
    }

    /// A call that must be asked about. Its frame stands meanwhile: whoever waits for the scope waits for the admission, too.
    #[inline(never)]
    fn run_guarded<R, E>(
        &self,
        slot: &Slot,
        method: u32,
        call: impl Admission<T, R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        slot.note_beginning(method);
        let pass = match catch_unwind(AssertUnwindSafe(|| call.admit(method))) {
            Ok(pass) => pass,
            Err(payload) => return Err(self.panicked(slot, payload, refuse)),
        };
        let refusal = std::cell::Cell::new(None);
        let result = self.run(
            slot,
            |target| call.run(target, Some(&pass)),
            |scope: &Scope<X>, why| {
                refusal.set(Some(why));
                refuse(scope, why)
            },
        );
        pass.end(refusal.get());
        result
    }

    /// Runs `f` under a published frame, in a scope that was seen live after it, and delivers or withholds.
    ///
    /// What fits in registers is handed on by value, since what has its address taken lives in memory. What does not is
    /// kept in the one place where the caller wants it, since a move out of memory waits for the stores into it.
    #[inline(always)]
    fn run<R, E>(
        &self,
        slot: &Slot,
        f: impl FnOnce(&T) -> Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> Result<R, E> {
        if size_of::<Result<R, E>>() <= 2 * size_of::<usize>() {
            match self.enter(f) {
                Ok(result) => {
                    slot.clear();
                    if self.scope.leave() {
                        result
                    } else {
                        self.withhold(result, refuse)
                    }
                }
                Err(payload) => Err(self.panicked(slot, payload, refuse)),
            }
        } else {
            self.run_in_place(slot, f, refuse)
        }
    }

    #[inline(always)]
    fn run_in_place<R, E>(
        &self,
        slot: &Slot,
        f: impl FnOnce(&T) -> Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> Result<R, E> {
        let mut result = MaybeUninit::uninit();
        let entered = self.enter(|target| {
            result.write(f(target));
        });
        if let Err(payload) = entered {
            return Err(self.panicked(slot, payload, refuse));
        }
        slot.clear();
        if !self.scope.leave() {
            // SAFETY: the call returned, so it is written.
            self.withhold_in_place(unsafe { result.assume_init_mut() }, refuse);
        }
        // SAFETY: as above, and not used again.
        unsafe { take_by_words(&result) }
    }

    /// The call itself, or the payload of its panic.
    #[inline(always)]
    fn enter<V>(&self, f: impl FnOnce(&T) -> V) -> Result<V, Box<dyn Any + Send>> {
        self.target.with(|target| {
            // SAFETY: I1: the frame is published and the scope was seen live after it, so nobody takes the target
            // before the frame is cleared, and nothing has taken it before.
            let target = unsafe { lent(target) };
            catch_unwind(AssertUnwindSafe(|| f(target)))
        })
    }

    /// Deals with a panic of the target: the payload goes no further. The error is made after the frame is cleared, since
    /// making it runs the interface's code.
    ///
    /// # Panics
    ///
    /// If the scope's options say so, with a payload of its own.
    #[cold]
    #[inline(never)]
    fn panicked<E>(
        &self,
        slot: &Slot,
        payload: Box<dyn Any + Send>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> E {
        if fault::on(Fault::PayloadThrough) {
            slot.clear();
            std::panic::resume_unwind(payload);
        }
        if fault::on(Fault::LoudPayloads) || fault::on(Fault::LoudDrops) {
            // What goes on from here leaves no frame.
            slot.clear();
        }
        crate::drop_quietly(payload);
        slot.clear();
        if !self.scope.leave() {
            return refuse(&self.scope, Refusal::Revoked);
        }
        assert!(
            !self.scope.options().propagate_panics,
            "a call through a membrane panicked"
        );
        refuse(&self.scope, Refusal::Panicked)
    }

    /// I3: replaces a result that may not be delivered. What was computed may run foreign code as it goes.
    #[cold]
    #[inline(never)]
    fn withhold<R, E>(
        &self,
        result: Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> Result<R, E> {
        crate::drop_quietly(result);
        Err(refuse(&self.scope, Refusal::Revoked))
    }

    #[cold]
    #[inline(never)]
    fn withhold_in_place<R, E>(
        &self,
        result: &mut Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) {
        let refused = Err(refuse(&self.scope, Refusal::Revoked));
        crate::drop_quietly(std::mem::replace(result, refused));
    }

    /// Runs `call` on the target's `Arc`, so that it may keep the target alive beyond the call: as
    /// [`call_admitted`](Self::call_admitted), for a call whose work goes on after it returned.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn call_sharing<R, E>(
        &self,
        method: u32,
        call: impl Admission<Arc<T>, R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        self.call_admitted(method, Sharing { cell: self, call }, refuse)
    }

    /// A strong reference to the target.
    ///
    /// # Errors
    ///
    /// [`Refusal::Revoked`] or [`Refusal::TooDeep`].
    pub fn pin(&self) -> Result<Arc<T>, Refusal> {
        let share = Unasked {
            f: |target: &Arc<T>| Ok(target.clone()),
            turned_away: |refusal| refusal,
        };
        self.call_sharing(u32::MAX, share, |_, refusal| refusal)
    }

    /// Where the target lies, if it has not been taken.
    pub fn target_address(&mut self) -> Option<usize> {
        // AcqRel: the caller is about to drop the cell; pairs with `release`.
        #[cfg(loom)]
        self.counted.fetch_add(1, AcqRel);
        self.target.get_mut().as_ref().map(Owned::address)
    }

    /// The cell's name in frames.
    #[inline(always)]
    pub(crate) fn name(&self) -> usize {
        std::ptr::from_ref(self).cast::<()>().addr()
    }
}

impl<T: ?Sized, X> Drop for Cell<T, X> {
    fn drop(&mut self) {
        // AcqRel: pairs with `release`.
        #[cfg(loom)]
        self.counted.fetch_add(1, AcqRel);
        // `&mut self`: no call borrows the cell and no pass holds it.
        if let Some(target) = self.target.get_mut().take() {
            drop_flat(target);
        }
    }
}

impl<T: ?Sized, X> std::fmt::Debug for Cell<T, X> {
    /// Shows nothing of the target.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").finish_non_exhaustive()
    }
}
