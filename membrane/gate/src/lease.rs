//! A target that stays in use from one call to the next, so that the calls between need no frame of their own.
//!
//! A [`Hold`] names a cell as in use from when it is taken until it is dropped, as the frame of one long call would. What
//! comes with it, a share of the target, becomes a [`Kept`], through which calls go that look at the scope's state, before
//! and after, and do nothing else.
//!
//! ```text
//! holder                                    revoker
//! H1 lock; name the cell; unlock            V1 state.swap(REVOKED, AcqRel)
//! H2 state.load(Acquire) open ?             V2 heavy barrier
//!    take a share of the target             V4 lock; look at frames and holds; unlock; free what none of them names
//! K1 state.load(Acquire) open ?
//!    ... a call ...
//! K2 state.load(Relaxed) open ? deliver : withhold
//! R1 drop the share
//! R2 lock; name the cell no more; unlock
//! R3 as E3: if the scope is cut, V4 again
//! ```
//!
//! # Why it is sound
//!
//! Holds are kept under the lock that every scan takes, so that no barrier is needed. If V4 comes first, H1 comes after the
//! swap, and H2 sees it; if H1 comes first, V4 sees the hold and leaves the target alone (**I1**, **I2**). Of R2 and V4 the
//! same is true: either V4 finds the cell idle, or R3 comes after the swap and frees it (**I4**).
//!
//! - **I7** The share is dropped before the cell is named no more, so that a waiter wakes after the target's drop.
//!
//! A call of a [`Kept`] is safe even if all of this were wrong: it holds its share of the target. What depends on the
//! protocol is that the target goes on time.
//!
//! # Who touches what when
//!
//! - [`Holds`]: under the lock of the registry of frames, and no code of others runs there.
//! - `HERE`: its thread alone. A hold cannot leave its thread, so the thread that would wait for it is the one that has it.

use crate::cell::{Cell, Owned, clone_of, take_by_words};
use crate::fault::{self, Fault};
use crate::frames;
use crate::scope::{Refusal, Scope};
use crate::sync::Arc;
use std::any::Any;
use std::cell::Cell as Own;
use std::collections::BTreeMap;
use std::hint::cold_path;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What [`Running::method`](crate::Running) says of a cell that is held, rather than called, at the moment.
pub const HELD: u32 = u32::MAX - 1;
// A pin's, and no method's.
const _: () = assert!(HELD != u32::MAX);

/// All holds there are.
#[derive(Debug)]
pub(crate) struct Holds {
    /// By serial number: the cell, and the thread that holds it.
    held: BTreeMap<u64, (usize, usize)>,
    next: u64,
    /// How many threads have ever held something.
    threads: usize,
}

impl Holds {
    pub(crate) const fn new() -> Self {
        Self {
            held: BTreeMap::new(),
            next: 0,
            threads: 0,
        }
    }

    /// The cells that are held.
    pub(crate) fn each(&self) -> impl Iterator<Item = usize> {
        self.held.values().map(|(cell, _)| *cell)
    }
}

/// What a thread knows of its holds.
#[derive(Clone, Copy)]
struct Here {
    /// Its number, which no other thread ever has; zero before its first hold.
    thread: usize,
    holds: u32,
}

const NOWHERE: Here = Here {
    thread: 0,
    holds: 0,
};

// Has no destructor, so it can be used at any point of a thread's life.
#[cfg(not(loom))]
thread_local! {
    static HERE: Own<Here> = const { Own::new(NOWHERE) };
}

#[cfg(loom)]
loom::thread_local! {
    static HERE: Own<Here> = Own::new(NOWHERE);
}

/// The cells that this thread holds.
pub(crate) fn held_here() -> Vec<usize> {
    let here = HERE.with(Own::get);
    if here.holds == 0 {
        return Vec::new();
    }
    frames::with_holds(|holds| {
        let mine = holds
            .held
            .values()
            .filter(|(_, thread)| *thread == here.thread);
        mine.map(|(cell, _)| *cell).collect()
    })
}

/// That a cell is in use, until this is dropped. If it is forgotten, for ever.
///
/// Belongs to the thread that took it.
#[derive(Debug)]
#[must_use = "the target is in use for as long as this lives"]
pub struct Hold<X> {
    scope: Arc<Scope<X>>,
    serial: u64,
    _here: PhantomData<*const ()>,
}

impl<T: ?Sized, X> Cell<T, X> {
    /// Takes the target into use, and a share of it; to be dropped before the hold, and the hold before the cell.
    ///
    /// `None` if calls do not go through freely: the scope is cut or in some other state than the live ones, or this
    /// thread is inside as many calls, and has as many holds, as the scope allows for both together.
    ///
    /// # Concurrency
    ///
    /// Takes the lock that every revocation's scan takes.
    pub fn hold(&self) -> Option<(Hold<X>, Arc<T>)> {
        let scope = self.scope();
        let levels = frames::depth() + HERE.with(Own::get).holds as usize;
        if levels >= scope.options().depth_limit as usize || !scope.is_open() {
            return None;
        }
        let hold = Hold::new(scope.clone(), self.name());
        if !scope.is_open() && !fault::on(Fault::UncheckedHold) {
            // A pass may have seen the hold, and left the cell to it: its drop looks.
            return None;
        }
        // SAFETY: I1: the hold names the cell and the scope was seen live after it, so nobody takes the target before the
        // hold is dropped, and nothing has taken it before.
        let target = self.target.with(|target| unsafe { clone_of(target) });
        match target {
            Some(target) => Some((hold, target)),
            None => unreachable!("a live cell has a target (I1)"),
        }
    }
}

impl<X> Hold<X> {
    /// H1.
    fn new(scope: Arc<Scope<X>>, cell: usize) -> Self {
        let mut here = HERE.with(Own::get);
        let serial = frames::with_holds(|holds| {
            if here.thread == 0 {
                holds.threads += 1;
                here.thread = holds.threads;
            }
            holds.next += 1;
            if !fault::on(Fault::UnlistedHold) {
                holds.held.insert(holds.next, (cell, here.thread));
            }
            holds.next
        });
        here.holds += 1;
        HERE.with(|own| own.set(here));
        Self {
            scope,
            serial,
            _here: PhantomData,
        }
    }

    /// The scope that can take the target away.
    pub fn scope(&self) -> &Arc<Scope<X>> {
        &self.scope
    }
}

impl<X> Drop for Hold<X> {
    fn drop(&mut self) {
        HERE.with(|own| {
            let here = own.get();
            own.set(Here {
                holds: here.holds - 1,
                ..here
            });
        });
        // R2.
        frames::with_holds(|holds| holds.held.remove(&self.serial));
        // R3.
        self.scope.leave();
    }
}

/// A share of a target, for calls without frames.
///
/// May be used by any thread. Whoever has it has a [`Hold`], too, from before it to after it: with that, the target is in
/// use in the eyes of a revoker; without it, the target just lives longer.
pub struct Kept<T: ?Sized + 'static, X> {
    target: Owned<T>,
    scope: Arc<Scope<X>>,
}

impl<T: ?Sized, X> Kept<T, X> {
    /// The share of what `hold` holds, or of what stands for it.
    pub fn new(hold: &Hold<X>, target: Arc<T>) -> Self {
        Self {
            target: Owned::new(target),
            scope: hold.scope.clone(),
        }
    }

    /// The scope that can take the target away.
    #[inline(always)]
    pub fn scope(&self) -> &Arc<Scope<X>> {
        &self.scope
    }

    /// K1: whether calls go through freely. If not, the call is to be made through the cell, which knows what to do.
    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.scope.is_open()
    }

    /// Runs `f` on the target of a scope that was just seen open.
    ///
    /// # Errors
    ///
    /// What `f` returns, or what `refuse` makes of: [`Refusal::Revoked`] if the scope is cut before the result is delivered;
    /// [`Refusal::Panicked`] if `f` panics.
    ///
    /// # Panics
    ///
    /// As [`Cell::call`].
    ///
    /// # Concurrency
    ///
    /// Wait-free up to the call of `f`, without a store. The result is delivered when the state is read after it.
    #[inline(always)]
    pub fn call<R, E>(
        &self,
        f: impl FnOnce(&T) -> Result<R, E>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E + Copy,
    ) -> Result<R, E> {
        let target = self.target.get();
        // The two shapes are those of a call through the cell, for the same reasons.
        if size_of::<Result<R, E>>() <= 2 * size_of::<usize>() {
            match catch_unwind(AssertUnwindSafe(|| f(target))) {
                Ok(result) if self.scope.seems_open() => result,
                outcome => self.settle(outcome, refuse),
            }
        } else {
            let mut result = MaybeUninit::uninit();
            let called = catch_unwind(AssertUnwindSafe(|| {
                result.write(f(target));
            }));
            if let Err(payload) = called {
                return self.settle(Err(payload), refuse);
            }
            if self.scope.seems_open() {
                // SAFETY: the call returned, so it is written; and it is not used again.
                unsafe { take_by_words(&result) }
            } else {
                cold_path();
                // SAFETY: as above.
                self.settle(Ok(unsafe { result.assume_init() }), refuse)
            }
        }
    }

    /// The end of a call that is not the plain case: a result that may have to be withheld, or none.
    #[cold]
    #[inline(never)]
    fn settle<R, E>(
        &self,
        outcome: Result<Result<R, E>, Box<dyn Any + Send>>,
        refuse: impl Fn(&Scope<X>, Refusal) -> E,
    ) -> Result<R, E> {
        let payload = match outcome {
            Ok(result) if self.scope.stays_open() => return result,
            Ok(withheld) => {
                crate::drop_quietly(withheld);
                return Err(refuse(&self.scope, Refusal::Revoked));
            }
            Err(payload) => payload,
        };
        if fault::on(Fault::PayloadThrough) {
            std::panic::resume_unwind(payload);
        }
        crate::drop_quietly(payload);
        if !self.scope.stays_open() {
            return Err(refuse(&self.scope, Refusal::Revoked));
        }
        assert!(
            !self.scope.options().propagate_panics,
            "a call through a membrane panicked"
        );
        Err(refuse(&self.scope, Refusal::Panicked))
    }
}

impl<T: ?Sized, X> std::fmt::Debug for Kept<T, X> {
    /// Shows nothing of the target.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}
