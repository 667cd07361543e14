//! Faults that the must-fail models switch on: each leaves out one step of the protocol.
//!
//! Outside loom [`on`] is the constant `false` and every branch on it disappears.

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// C1 stores with `Relaxed`.
    RelaxedEntry,
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
    /// A pass with nothing to free forgets the waiter.
    NoIdleNotify,
    /// The live state without membarrier skips its fence on entry.
    NoFencedEntry,
    /// The live state without membarrier skips its fence on exit.
    NoFencedExit,
    /// A cell may be claimed twice.
    NoClaim,
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
    static FAULT: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

#[cfg(loom)]
pub(crate) fn on(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

/// Switches `fault` on for the models that this thread runs from now on.
#[cfg(all(test, loom))]
pub(crate) fn set(fault: Option<Fault>) {
    FAULT.set(fault);
}
