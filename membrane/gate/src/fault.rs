//! Faults that the must-fail models switch on: each leaves out one step of the protocol.
//!
//! Outside loom [`on`] is the constant `false` and every branch on it disappears.

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
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
}

/// Whether `fault` is switched on for the model that runs on this thread.
#[cfg(not(loom))]
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
