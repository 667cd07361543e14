//! Faults that the must-fail models switch on: each leaves out one step.
//!
//! Outside loom [`on`] is the constant `false` and every branch on it disappears.

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A proxy is made without a look, under the lock of the tables, at whether the scope is revoked.
    WrapUnchecked,
    /// An argument is converted without either look, the one under that lock and the one after the conversion.
    ArgumentUnchecked,
    /// An object that came too late for a revoked scope is dropped under the lock of the tables.
    DropUnderLock,
    /// A proxy that is dropped removes whatever entry its target has.
    ForgetAny,
    /// A child is added without a look, under the lock of the family, at whether the parent is revoked.
    ChildUnchecked,
    /// An observer is added without a look, under the lock of the family, at whether the scope is revoked.
    ObserveUnchecked,
    /// A revoker forgets the children of a scope before all that derives from it is cut.
    EarlyOrphans,
    /// A revoker leaves the subtree of a scope to whoever has cut that scope.
    TrustedCut,
    /// A child is born without a look, under the lock of the family, at whether the parent is suspended.
    ChildUncovered,
    /// A walk after a suspension or a resumption looks at the parent before it has the lock of the child.
    CoverUnlocked,
    /// What an account was found to have is taken from it later, under the lock once more.
    ChargeUnlocked,
    /// A call gives its place back when it enters the target.
    EarlyPlace,
    /// A proxy that is dropped after its table went counts itself down.
    CountedTwice,
    /// A proxy that takes over the entry of one that is being dropped is counted.
    CountedAnew,
    /// A caller's waker is kept after the poll, not before.
    LateWaker,
    /// A revoker looks for those who wait before it cuts.
    EarlyWake,
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

/// Switches `fault` on, and any other off, for the models that this thread runs from now on.
#[cfg(all(test, loom))]
pub(crate) fn set(fault: Option<Fault>) {
    FAULT.set(fault);
}
