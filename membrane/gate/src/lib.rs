//! The revocable cell under `object-membrane`: the one piece of lock-free code, and the only crate with `unsafe`.
//!
//! A [`Cell`] owns an `Arc` to a target and lends it to one call at a time per frame. A [`Scope`] is the switch of
//! many cells: [`Scope::cut`] flips it, [`sever`] runs one process-wide barrier and then drops every target that no
//! thread is using. Entering a call costs a plain store and a plain load; only the revoker pays for the ordering. A
//! [`Hold`] keeps a cell in use from one call to the next, for calls that cost two plain loads.
//!
//! # Who talks to whom
//!
//! ```text
//! caller                                   revoker
//! C1 frame.store(cell, Release)            V1 state.swap(REVOKED, AcqRel)
//! C2 light barrier (compiler only)         V2 heavy barrier (membarrier: every thread passes a full fence)
//! C3 state.load(Acquire) == LIVE ?         V3 lock; fenced = true; busy = all cells of the scope
//!    ... the call ...                      V4 free each busy cell that no frame names
//! E1 frame.store(0, Release)
//! E2 light barrier
//! E3 state.load == LIVE ? deliver : withhold, and if fenced, V4 again for what is still busy
//! ```
//!
//! # Invariants
//!
//! - **I1** A target is read only under a frame that names its cell and was published before the state was seen live.
//! - **I2** A target is taken only after V1, then V2, then a scan in which no frame names its cell; and at most once.
//! - **I3** After a call observes a state other than live at E3, its result is not delivered.
//! - **I4** A cell that is busy at V4 is freed by the last caller to leave it.
//! - **I5** No foreign code (a target's `Drop`, a closure, a payload's `Drop`) runs under a lock of this crate.
//! - **I6** A waiter wakes when the last cell is freed, also when there was nothing to free. A target whose drop is put off,
//!   because the stack is deep in drops already, is not freed until it is dropped; who has to drop it does not wait for it.
//! - **I7** A hold's share of the target is dropped before the hold: a waiter that wakes finds the target dropped.
//!
//! - **I8** A pointer to a thread's counters is followed only under a borrow of the [`Tally`] whose number it was kept with, by
//!   that thread. Numbers are never used again.
//!
//! I1 and I2 together say that no target is dropped while in use: if the scan (V4) misses a frame, that frame's store
//! (C1) comes after the barrier (V2) in the caller's program order, hence after the swap (V1), so C3 sees it.
//! The loom models in `src/tests` break when any but the last is false; each has variants, kept as tests that must fail, in
//! which one step is left out.
//!
//! # Without `membarrier`
//!
//! Where the barrier is not to be had (other systems, Miri), scopes start in another live state, so that the same fast
//! path falls into a cold branch that issues the fences itself. The fast path never asks which kind it is.
//!
//! # Guarded scopes
//!
//! [`Scope::guard`] puts a scope into a third live state, in which the same cold branch asks the runner about each call:
//! conditions, rules and audit cost a scope nothing that has none of them.
//!
//! # What is deliberately absent
//!
//! Reference counts per call, epochs, thread registration by the user, and any notion of policy or identity: those
//! belong to the crate `object-membrane`, which is the one to use.

mod barrier;
mod cell;
#[cfg(not(membrane_faults))]
mod fault;
#[cfg(membrane_faults)]
#[doc(hidden)]
pub mod fault;
mod frames;
mod lease;
mod quiet;
mod scope;
#[doc(hidden)]
pub mod sync;
mod tally;

pub use cell::{Admission, Cell, Holder, Pass, Reclaim};
pub use frames::{InUse, depth};
pub use lease::{HELD, Hold, Kept};
pub use quiet::{drop_flat, drop_quietly, quietly};
pub use scope::{Cut, Isolated, Options, Refusal, Running, Scope, WaitFailure, isolate, sever};
pub use tally::{Counts, KINDS, MARKS, Tally};

#[cfg(test)]
mod tests;
