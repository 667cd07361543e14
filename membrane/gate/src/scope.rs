//! The switch of many cells: live or revoked, one way, with deferred freeing of what is in use.
//!
//! # States
//!
//! ```text
//! LIVE ◀─────────┐
//!                ├─ guard, unguard ─▶ GUARDED     each of them ─ cut ─▶ REVOKED ─ everything freed ─▶ DRAINED
//! LIVE_FENCED ◀──┘
//! ```
//!
//! `LIVE` is zero and the only fast state. `LIVE_FENCED` is for systems without `membarrier`: callers fence for
//! themselves. In `GUARDED` they fence for themselves, too, and each call is admitted by whoever runs the scope. `DRAINED`
//! says that no cell is left to free, so that a refused call needs no lock. A scope is in one of the first two at rest:
//! which one is fixed when it is made.
//!
//! # Who may touch which field when
//!
//! - `state`: anybody. It moves between the live states, and from there on only forward.
//! - `reason`: anybody; set once.
//! - `reap`: under its lock. `Left::busy` holds, from the barrier on, the cells that were not idle when they were last looked at.

mod sever;
mod wait;

pub use sever::{Cut, Isolated, isolate, sever};
pub use wait::{Running, WaitFailure};

use crate::barrier;
use crate::cell::{Claim, Holder, Released, Sweep};
use crate::fault::{self, Fault};
use crate::frames;
use crate::sync::{
    AcqRel, Acquire, Arc, AtomicU8, AtomicU32, Condvar, Mutex, Relaxed, Release, SeqCst, Weak,
    fence, lock,
};
use std::cell::Cell;

/// Calls go through.
const LIVE: u8 = 0;
/// Calls go through, and fence for themselves.
const LIVE_FENCED: u8 = 1;
/// Calls are admitted one by one, and fence for themselves.
const GUARDED: u8 = 2;
/// Cut; cells may remain to be freed.
const REVOKED: u8 = 3;
/// Cut, and every cell is freed.
const DRAINED: u8 = 4;

#[cfg(not(loom))]
thread_local! {
    /// Nesting of [`Scope::reap`] on this thread: a target's `Drop` that waits for its own scope would wait for itself.
    static REAPING: Cell<u32> = const { Cell::new(0) };
}

#[cfg(loom)]
loom::thread_local! {
    static REAPING: Cell<u32> = Cell::new(0);
}

/// How a scope's calls behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many calls a thread may be inside of at once, counted over all scopes. At least one.
    pub depth_limit: u32,
    /// A panicking target makes the caller panic, too (without the payload), instead of getting an error.
    pub propagate_panics: bool,
}

impl Default for Options {
    /// 128 calls deep; panics become errors.
    fn default() -> Self {
        Self {
            depth_limit: 128,
            propagate_panics: false,
        }
    }
}

/// How a call may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It goes ahead.
    Open,
    /// It goes ahead if it is admitted.
    Guarded,
    /// It does not.
    Cut,
}

/// Why a call did not happen, or why its result is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The scope is cut.
    Revoked,
    /// The thread is nested as deep as the scope allows.
    TooDeep,
    /// The target panicked.
    Panicked,
}

/// One switch, shared by the cells that name it, with the data `X` of whoever runs it.
#[derive(Debug)]
pub struct Scope<X> {
    state: AtomicU8,
    /// The options, apart from each other: a program may have millions of scopes.
    depth_limit: u32,
    propagate_panics: bool,
    /// One more than the reason; zero until there is one, since a reason may be zero.
    reason: AtomicU32,
    reap: Mutex<Reap>,
    drained: Condvar,
    /// At rest in `LIVE_FENCED`.
    fenced: bool,
    data: X,
}

struct Reap {
    /// The barrier has run: what is left is complete, and cells may be freed.
    fenced: bool,
    /// Threads asleep in `wait`: without one, a notification would be a system call for nothing.
    asleep: u32,
    /// What is left to free; `None` if nothing is.
    left: Option<Box<Left>>,
}

/// Boxed, since nothing is left in most scopes.
#[derive(Default)]
struct Left {
    busy: Vec<Weak<dyn Holder>>,
    /// Claimed cells whose targets are being dropped, or are to be dropped further out on the stack of who claimed them.
    dropping: usize,
}

impl Reap {
    /// The cells that were not idle when they were last looked at.
    fn busy(&self) -> &[Weak<dyn Holder>] {
        self.left.as_ref().map_or(&[], |left| &left.busy)
    }

    /// Something more, or less, is left to free.
    fn change(&mut self, change: impl FnOnce(&mut Left)) {
        let left = self.left.get_or_insert_default();
        change(left);
        if left.busy.is_empty() && left.dropping == 0 {
            self.left = None;
        }
    }
}

impl std::fmt::Debug for Reap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reap")
            .field("fenced", &self.fenced)
            .field("busy", &self.busy().len())
            .field(
                "dropping",
                &self.left.as_ref().map_or(0, |left| left.dropping),
            )
            .field("asleep", &self.asleep)
            .finish()
    }
}

impl<X> Scope<X> {
    /// A live scope.
    pub fn new(options: Options, data: X) -> Self {
        Self::with_mode(options, data, barrier::asymmetric())
    }

    /// A live scope whose callers rely on `membarrier`, or fence for themselves.
    pub(crate) fn with_mode(options: Options, data: X, asymmetric: bool) -> Self {
        Self {
            state: AtomicU8::new(if asymmetric { LIVE } else { LIVE_FENCED }),
            depth_limit: options.depth_limit.max(1),
            propagate_panics: options.propagate_panics,
            reason: AtomicU32::new(0),
            reap: Mutex::new(Reap {
                fenced: false,
                asleep: 0,
                left: None,
            }),
            drained: Condvar::new(),
            fenced: !asymmetric,
            data,
        }
    }

    /// The runner's data.
    #[inline(always)]
    pub fn data(&self) -> &X {
        &self.data
    }

    /// The runner's data, of a scope that nobody shares.
    pub fn data_mut(&mut self) -> &mut X {
        &mut self.data
    }

    /// How calls behave.
    pub fn options(&self) -> Options {
        Options {
            depth_limit: self.depth_limit,
            propagate_panics: self.propagate_panics,
        }
    }

    /// Whether the scope has been cut.
    pub fn is_revoked(&self) -> bool {
        // Acquire: what the revoker did before the cut is visible; pairs with `cut`.
        self.state.load(Acquire) >= REVOKED
    }

    /// The reason given to the first [`cut`](Self::cut); zero before.
    pub fn reason(&self) -> u32 {
        // Acquire: pairs with `cut`, which sets it before the state.
        self.reason.load(Acquire).saturating_sub(1)
    }

    /// Whether the scope is cut and nothing of it is left to free.
    pub fn is_drained(&self) -> bool {
        // Acquire: pairs with the store in `note_if_drained`.
        self.state.load(Acquire) == DRAINED
    }

    /// C2 and C3: whether a call whose frame is published may go on, by the fast look only.
    #[inline(always)]
    pub(crate) fn check(&self) -> bool {
        if !fault::on(Fault::NoEntryBarrier) && !self.models_fenced() {
            barrier::light();
        }
        // Acquire: pairs with the swap in `cut`.
        self.state.load(Acquire) == LIVE
    }

    /// C2 and C3 for whichever live state the scope is in.
    pub(crate) fn check_fenced(&self) -> Entry {
        if self.check() {
            return Entry::Open;
        }
        if !fault::on(Fault::NoFencedEntry) {
            // SeqCst: orders the frame (C1) before the load below; pairs with the fence in `barrier::heavy`.
            fence(SeqCst);
        }
        // Acquire: pairs with the swaps in `cut` and in `guard`.
        match self.state.load(Acquire) {
            LIVE | LIVE_FENCED => Entry::Open,
            GUARDED => Entry::Guarded,
            _ => Entry::Cut,
        }
    }

    /// H2 and K1: whether calls go through freely. Not enough for a call by a frame, which needs a barrier.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        // Acquire: pairs with the swap in `cut`.
        self.state.load(Acquire) <= LIVE_FENCED
    }

    /// K2: whether the result of a call without a frame may be delivered, by the fast look only.
    #[inline(always)]
    pub(crate) fn seems_open(&self) -> bool {
        // The look comes after the call, not in the middle of it.
        barrier::compiler();
        // Relaxed: `stays_open` loads again.
        self.state.load(Relaxed) <= LIVE_FENCED
    }

    /// K2.
    pub(crate) fn stays_open(&self) -> bool {
        barrier::compiler();
        !self.is_revoked() || fault::on(Fault::UncheckedKept)
    }

    /// E2 and E3, after the frame was cleared: whether the result may be delivered.
    #[inline(always)]
    pub(crate) fn leave(&self) -> bool {
        if fault::on(Fault::NoExitCheck) {
            return true;
        }
        if !fault::on(Fault::NoExitBarrier) && !self.models_fenced() {
            barrier::light();
        }
        // Relaxed: the cold path loads again.
        self.state.load(Relaxed) == LIVE || self.leave_cold()
    }

    #[cold]
    #[inline(never)]
    fn leave_cold(&self) -> bool {
        // Acquire: pairs with the swap in `cut`.
        let mut state = self.state.load(Acquire);
        if state == LIVE_FENCED || state == GUARDED {
            if !fault::on(Fault::NoFencedExit) {
                // SeqCst: orders the cleared frame (E1) before the load below; pairs with the fence in `barrier::heavy`.
                fence(SeqCst);
            }
            state = self.state.load(Acquire);
        }
        if state == REVOKED {
            self.reap();
        }
        state < REVOKED
    }

    /// Loom sees the light barrier as a fence. A model of the mode without `membarrier` must do without it.
    #[cfg(loom)]
    fn models_fenced(&self) -> bool {
        self.fenced
    }

    #[cfg(not(loom))]
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "as under loom")]
    const fn models_fenced(&self) -> bool {
        false
    }

    /// V1: cuts the scope. `None` if it was cut before; the first reason stays.
    ///
    /// From here on no call enters and no result is delivered. Targets are freed by [`sever`].
    ///
    /// # Concurrency
    ///
    /// The swap of the state is the linearisation point. Wait-free.
    #[must_use = "targets are freed only once the cut is handed to `sever`"]
    pub fn cut(self: &Arc<Self>, reason: u32) -> Option<Cut<X>> {
        if fault::on(Fault::NoCut) {
            return None;
        }
        // AcqRel: the first reason wins, and is there before the state says so; pairs with `reason`.
        let _ = self
            .reason
            .compare_exchange(0, reason.saturating_add(1), AcqRel, Relaxed);
        // AcqRel: pairs with the Acquire loads in `check`, `check_fenced`, `leave_cold` and `is_revoked`. The greater state
        // stays: a `DRAINED` scope does not go back to `REVOKED`.
        let order = if fault::on(Fault::RelaxedCut) {
            Relaxed
        } else {
            AcqRel
        };
        (self.state.fetch_max(REVOKED, order) < REVOKED).then(|| Cut(self.clone()))
    }

    /// Has every further call admitted before it goes ahead. No effect on a scope that is guarded or cut.
    ///
    /// What decides about admission must be in place before: a call that sees the state sees that. A call that has passed the
    /// switch already is running, and is not asked.
    ///
    /// # Concurrency
    ///
    /// The exchange of the state is the linearisation point. Wait-free.
    pub fn guard(&self) {
        self.turn(self.at_rest(), GUARDED);
    }

    /// Lets calls go ahead unasked again. No effect on a scope that is not guarded.
    pub fn unguard(&self) {
        self.turn(GUARDED, self.at_rest());
    }

    /// Whether calls are admitted one by one.
    pub fn is_guarded(&self) -> bool {
        // Acquire: what was put in place before `guard` is visible.
        self.state.load(Acquire) == GUARDED
    }

    fn turn(&self, from: u8, to: u8) {
        if fault::on(Fault::TurnUnseen) {
            self.state.store(to, Release);
            return;
        }
        // AcqRel: what was put in place before is visible to whoever sees the state; pairs with `check_fenced`.
        let order = if fault::on(Fault::RelaxedTurn) {
            Relaxed
        } else {
            AcqRel
        };
        // Relaxed on failure: nothing is read.
        let _ = self.state.compare_exchange(from, to, order, Relaxed);
    }

    fn at_rest(&self) -> u8 {
        if self.fenced { LIVE_FENCED } else { LIVE }
    }

    /// V4: frees every busy cell that no frame names.
    #[cold]
    #[inline(never)]
    fn reap(&self) {
        let mut idle: Vec<Arc<dyn Holder>> = Vec::new();
        // Strong references to cells that stay busy: another thread may drop its last one meanwhile, and then the drop of
        // these runs foreign code. Like `idle`, they are dropped below, outside the lock.
        let mut kept = Vec::new();
        {
            let mut reap = lock(&self.reap);
            if !reap.fenced && !fault::on(Fault::EarlyReap) {
                return;
            }
            if !reap.busy().is_empty() {
                let in_use = frames::in_use();
                let pass = Sweep {
                    scope: scope_address(self),
                    in_use: &in_use,
                };
                reap.change(|left| {
                    let mut busy = Vec::new();
                    // In the memory of the list. A holder that is gone took its target along.
                    idle = std::mem::take(&mut left.busy)
                        .into_iter()
                        .filter_map(|weak| {
                            let holder = weak.upgrade()?;
                            let claim = holder.cell().claim(&pass);
                            if claim == Claim::Claimed {
                                return Some(holder);
                            }
                            kept.push(holder);
                            if claim == Claim::Busy {
                                busy.push(weak);
                            }
                            None
                        })
                        .collect();
                    left.busy = busy;
                    left.dropping += idle.len();
                });
            }
            if idle.is_empty() {
                self.note_if_drained(&reap);
            }
        }
        drop(kept);
        if idle.is_empty() {
            return;
        }
        let pass = Sweep {
            scope: scope_address(self),
            in_use: &[],
        };
        let mut freed = 0;
        REAPING.with(|depth| depth.set(depth.get() + 1));
        for holder in idle {
            let released = holder.cell().release(&pass);
            freed += usize::from(released == Released::Done || fault::on(Fault::ForgetPutOff));
            crate::drop_quietly(holder);
        }
        REAPING.with(|depth| depth.set(depth.get() - 1));
        let mut reap = lock(&self.reap);
        reap.change(|left| left.dropping -= freed);
        self.note_if_drained(&reap);
    }

    /// A target that `reap` had to put off is dropped.
    pub(crate) fn dropped_late(&self) {
        if fault::on(Fault::ForgetPutOff) {
            return;
        }
        let mut reap = lock(&self.reap);
        reap.change(|left| left.dropping -= 1);
        self.note_if_drained(&reap);
    }

    fn note_if_drained(&self, reap: &Reap) {
        if reap.fenced && reap.left.is_none() {
            if fault::on(Fault::NoDrainNotify) {
                return;
            }
            // Release: what the freeing did happens before whoever sees the state; pairs with `is_revoked`.
            self.state.store(DRAINED, Release);
            self.wake(reap);
        }
    }
}

/// The address by which a cell names its scope.
pub(crate) fn scope_address<X>(scope: &Scope<X>) -> usize {
    std::ptr::from_ref(scope).addr()
}
