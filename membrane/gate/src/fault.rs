//! Faults, each of which leaves out one step: loom's must-fail models switch them on, and so do the positive controls of the
//! escape tests, in a build with `--cfg membrane_faults`.
//!
//! In any other build [`on`] is the constant `false` and every branch on it disappears.

#![cfg_attr(not(membrane_faults), allow(unreachable_pub))]

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// C1 stores with `Relaxed`.
    RelaxedEntry,
    /// E1 stores with `Relaxed`.
    RelaxedExit,
    /// A scan loads the frames with `Relaxed`.
    RelaxedScan,
    /// A chunk of frames is linked with `Relaxed`.
    RelaxedLink,
    /// V1 stores with `Relaxed`.
    RelaxedCut,
    /// C2 is left out.
    NoEntryBarrier,
    /// E2 is left out.
    NoExitBarrier,
    /// E3 is left out: a caller never frees what the revoker found busy.
    NoExitCheck,
    /// An exiting caller frees before the revoker's barrier.
    EarlyReap,
    /// V2 is left out.
    NoHeavyBarrier,
    /// Whoever frees the last target forgets the waiter.
    NoDrainNotify,
    /// The revoker forgets the waiter who came before its barrier, and who may be inside.
    NoFenceNotify,
    /// The live state without membarrier skips its fence on entry.
    NoFencedEntry,
    /// The live state without membarrier skips its fence on exit.
    NoFencedExit,
    /// A target whose drop was put off counts as dropped.
    ForgetPutOff,
    /// A cell may be claimed twice.
    NoClaim,
    /// A guard goes up or down without a look at whether the scope is cut.
    TurnUnseen,
    /// A guard goes up or down with `Relaxed`.
    RelaxedTurn,
    /// H1 is left out: a hold is not listed.
    UnlistedHold,
    /// H2 is left out.
    UncheckedHold,
    /// K2 is left out.
    UncheckedKept,
    /// A cut does nothing.
    NoCut,
    /// A panic goes on as it is.
    PayloadThrough,
    /// A panic in the `Drop` of a value goes on.
    LoudDrops,
    /// A panic in the `Drop` of a panic's payload goes on.
    LoudPayloads,
    /// Calls may be nested without end.
    NoDepthLimit,
}

/// Whether `fault` is switched on.
#[cfg(not(any(loom, membrane_faults)))]
#[inline(always)]
pub(crate) const fn on(_fault: Fault) -> bool {
    false
}

#[cfg(loom)]
std::thread_local! {
    // Loom runs the threads of a model as coroutines of the test's thread, so std's thread-local reaches them all.
    static FAULTS: std::cell::Cell<&'static [Fault]> = const { std::cell::Cell::new(&[]) };
}

#[cfg(loom)]
pub(crate) fn on(fault: Fault) -> bool {
    FAULTS.get().contains(&fault)
}

/// Switches exactly `faults` on for the models that this thread runs from now on.
#[cfg(all(test, loom))]
pub(crate) fn set(faults: &'static [Fault]) {
    FAULTS.set(faults);
}

/// The fault that is on, and one; zero for none.
#[cfg(all(membrane_faults, not(loom)))]
static FAULT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

#[cfg(all(membrane_faults, not(loom)))]
pub(crate) fn on(fault: Fault) -> bool {
    FAULT.load(std::sync::atomic::Ordering::SeqCst) == fault as usize + 1
}

/// Switches `fault` on, and any other off, in all threads.
#[cfg(all(membrane_faults, not(loom)))]
pub fn set(fault: Option<Fault>) {
    let number = fault.map_or(0, |fault| fault as usize + 1);
    FAULT.store(number, std::sync::atomic::Ordering::SeqCst);
}
