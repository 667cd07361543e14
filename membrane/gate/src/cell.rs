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
use crate::quiet::{Debt, drop_flat, drop_now, put_off};
use crate::scope::{Entry, Refusal, Scope, scope_address};
use crate::sync::{AcqRel, Arc, AtomicU8, Relaxed, UnsafeCell};
use std::any::Any;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// A revocable target.
///
/// Dropping the cell drops the target; a panic in the target's `Drop` ends there.
pub struct Cell<T: ?Sized + 'static, X> {
    scope: Arc<Scope<X>>,
    target: UnsafeCell<Option<Owned<T>>>,
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

    /// A call that must be admitted. Its frame stands meanwhile: whoever waits for the scope waits for the admission, too.
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
            Ok(Ok(pass)) => pass,
            Ok(Err(error)) => {
                slot.clear();
                if self.scope.leave() {
                    return Err(error);
                }
                crate::drop_quietly(error);
                return Err(refuse(&self.scope, Refusal::Revoked));
            }
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
        self.target
            .get_mut()
            .as_ref()
            .map(|target| target.0.cast::<()>().addr().get())
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
unsafe fn lent<'a, T: ?Sized>(target: *const Option<Owned<T>>) -> &'a T {
    // SAFETY: by I1 nobody writes to it meanwhile.
    match unsafe { &*target } {
        // SAFETY: `Owned` keeps its target alive, and by I1 stays where it is.
        Some(target) => unsafe { target.0.as_ref() },
        // SAFETY: by I1 nothing has taken it.
        None => unsafe { std::hint::unreachable_unchecked() },
    }
}

/// A strong reference to the target behind `target`.
///
/// # Safety
///
/// As for [`lent`].
unsafe fn clone_of<T: ?Sized>(target: *const Option<Owned<T>>) -> Option<Arc<T>> {
    // SAFETY: by I1 nobody writes to it meanwhile.
    unsafe { &*target }.as_ref().map(Owned::share)
}

/// An `Arc` as the address of its contents: a call needs that, and would otherwise compute it from the `Arc`'s vtable.
struct Owned<T: ?Sized>(NonNull<T>);

impl<T: ?Sized> Owned<T> {
    fn new(target: Arc<T>) -> Self {
        // SAFETY: `Arc::into_raw` gives no null.
        Self(unsafe { NonNull::new_unchecked(Arc::into_raw(target).cast_mut()) })
    }

    fn share(&self) -> Arc<T> {
        // SAFETY: the pointer is `Arc::into_raw`'s, and `self` holds the count that is borrowed here.
        let owned = ManuallyDrop::new(unsafe { Arc::from_raw(self.0.as_ptr()) });
        Arc::clone(&owned)
    }
}

impl<T: ?Sized> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer is `Arc::into_raw`'s, and this gives its count back, once.
        drop(unsafe { Arc::from_raw(self.0.as_ptr()) });
    }
}

/// Moves a value out of memory that was written a moment ago, word by word.
///
/// The plain move copies two words at a time, and such a load stalls until both of the stores it spans have left the
/// store buffer: more than the rest of a call takes.
///
/// # Safety
///
/// `value` must be initialised, and not used again.
#[inline(always)]
unsafe fn take_by_words<V>(value: &MaybeUninit<V>) -> V {
    /// A word that may be uninitialised, or part of a pointer.
    type Word = MaybeUninit<*mut ()>;
    const MAX_WORDS: usize = 8;
    let words = size_of::<V>() / size_of::<Word>();
    if !size_of::<V>().is_multiple_of(size_of::<Word>())
        || align_of::<V>() < align_of::<Word>()
        || words > MAX_WORDS
    {
        // SAFETY: the caller's promise.
        return unsafe { value.assume_init_read() };
    }
    let mut moved = MaybeUninit::<V>::uninit();
    let (from, to) = (
        value.as_ptr().cast::<Word>(),
        moved.as_mut_ptr().cast::<Word>(),
    );
    for word in 0..words {
        // SAFETY: `word` is within both values, which are aligned for words; a `Word` may hold anything. Volatile, so that
        // the loads stay apart.
        let read = unsafe { from.wrapping_add(word).read_volatile() };
        // SAFETY: as above.
        unsafe { to.wrapping_add(word).write(read) };
    }
    // SAFETY: every byte of an initialised value was copied.
    unsafe { moved.assume_init() }
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

/// A call that guarded scopes admit, or do not. One value for both, so that the plain call has one thing to carry.
pub trait Admission<T: ?Sized, R, E> {
    /// What it carries once it was admitted.
    type Pass: Pass;

    /// Makes the error of a call that does not get as far as being asked about: [`Refusal::Revoked`] or
    /// [`Refusal::TooDeep`].
    fn turned_away(&self, method: u32, refusal: Refusal) -> E;

    /// Asks whether it may go ahead. In guarded scopes only.
    fn admit(&self, method: u32) -> Result<Self::Pass, E>;

    /// The call itself.
    fn run(self, target: &T, pass: Option<&Self::Pass>) -> Result<R, E>;
}

/// A call that goes ahead in guarded scopes, too.
struct Unasked<F, G> {
    f: F,
    turned_away: G,
}

impl<T: ?Sized, R, E, F, G> Admission<T, R, E> for Unasked<F, G>
where
    F: FnOnce(&T) -> Result<R, E>,
    G: Fn(Refusal) -> E,
{
    type Pass = ();

    #[inline(always)]
    fn turned_away(&self, _: u32, refusal: Refusal) -> E {
        (self.turned_away)(refusal)
    }

    fn admit(&self, _: u32) -> Result<(), E> {
        Ok(())
    }

    #[inline(always)]
    fn run(self, target: &T, _: Option<&()>) -> Result<R, E> {
        (self.f)(target)
    }
}

/// A call that is lent the target's `Arc`.
struct Sharing<'a, T: ?Sized + 'static, X, C> {
    /// The cell that runs it.
    cell: &'a Cell<T, X>,
    call: C,
}

impl<T: ?Sized, X, R, E, C: Admission<Arc<T>, R, E>> Admission<T, R, E> for Sharing<'_, T, X, C> {
    type Pass = C::Pass;

    fn turned_away(&self, method: u32, refusal: Refusal) -> E {
        self.call.turned_away(method, refusal)
    }

    fn admit(&self, method: u32) -> Result<Self::Pass, E> {
        self.call.admit(method)
    }

    fn run(self, _: &T, pass: Option<&Self::Pass>) -> Result<R, E> {
        // SAFETY: I1: run by this cell only, which `call_sharing` sees to, inside a call.
        let target = self.cell.target.with(|target| unsafe { clone_of(target) });
        let target = target.expect("a live cell has a target (I1)");
        self.call.run(&target, pass)
    }
}

/// What a call carries that was admitted to a guarded scope.
pub trait Pass {
    /// The call is over; `refusal` says how, unless its result was delivered.
    ///
    /// Called after the call's frame is cleared, and before its caller goes on. Must not panic. A call that makes its caller
    /// panic drops what it carries instead.
    fn end(self, refusal: Option<Refusal>);
}

impl Pass for () {
    fn end(self, _: Option<Refusal>) {}
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
