//! Faults, each of which leaves out one step: loom's must-fail models switch them on, and so do the positive controls of the
//! escape tests, in a build with `--cfg membrane_faults`.
//!
//! In any other build [`on`] is the constant `false` and every branch on it disappears.

#![cfg_attr(not(membrane_faults), allow(unreachable_pub))]

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
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
    /// What a poll leaves is kept also after an end of the call is gone.
    KeptAfterTheEnd,
    /// A call that was let in, and that finds its scope revoked, is told of as one that was not.
    ToldApart,
    /// Whether a proxy is the last is looked at before its entry goes, under the lock another time.
    LastTooEarly,
    /// Who is to be told that the last proxy is gone is asked after its entry went, under the lock once more.
    WatchersTooLate,
    /// Who wants to be told of the last proxy is listed without a look, under that lock, at whether the scope is revoked.
    WatchUnchecked,
    /// A reference crosses as it is.
    BareReferences,
    /// An argument crosses as it is.
    BareArguments,
    /// A result crosses as it is.
    BareResults,
    /// The error of an interface crosses as it is.
    BareErrors,
    /// What is inside a container or a struct crosses as it is.
    BareElements,
    /// An item of an iterator or a stream crosses as it is.
    BareItems,
    /// An iterator's own hint is handed on.
    HintThrough,
    /// An iterator is asked for more after its end.
    Unfused,
    /// What a future ends with crosses as it is.
    BareCompletions,
    /// A future, a stream or an iterator crosses as it is.
    BareSuspended,
    /// A buffer crosses as it is, whoever owns it.
    #[cfg(feature = "bytes")]
    BareBuffers,
    /// What another membrane answered crosses whole.
    WholeErrors,
    /// A proxy of another tree says what it stands for.
    StripForeign,
    /// An answer is believed whoever gives it.
    BelieveAnyone,
    /// A derived proxy that reaches the scope that it came from becomes the target.
    ToTheTarget,
    /// An object is at home on every side.
    HomeAnywhere,
    /// Where a proxy is replaced by another for the same object, nobody asks as what it crossed.
    AskedAsSuper,
    /// What comes home is unwrapped, whatever the policy says.
    AlwaysUnwraps,
    /// Every method is allowed.
    AllowAll,
    /// An interface is known by its name.
    ByName,
    /// A policy may be derived that is wider.
    WiderChild,
    /// Names that a policy does not know are passed over.
    LenientNames,
    /// What a child spends is on its own account only.
    ChildAlone,
    /// No rule on arguments is asked.
    UncheckedRules,
    /// A proxy that is dropped leaves its entry.
    KeptEntries,
    /// A closure that is dropped leaves its entry, and its proxy there.
    ClosuresKept,
    /// A table keeps its proxies alive.
    TableOwns,
    /// A root is kept for ever.
    KeptRoots,
    /// What a refused call was given is kept for ever.
    KeptArguments,
    /// A proxy is found by looking through all of them.
    NoIndex,
    /// No proxy counts towards a condition.
    UncountedProxies,
    /// No byte counts towards a condition.
    UncountedBytes,
    /// A call of what another call carried spends nothing.
    FreeCarried,
    /// A grant with conditions spends nothing of its parent's.
    OwnPurse,
    /// Every object is wrapped anew.
    NoIdentity,
    /// What goes inward is under a switch that nobody has.
    OneWay,
    /// A revoker leaves the children of a scope alone.
    ChildrenLeft,
    /// A revoker begins at the parent.
    ParentToo,
    /// `Debug` of a proxy or of a lease shows what it stands for.
    DebugAsks,
    /// A label is put into a picture's source as it is.
    RawLabels,
    /// The target's side sees the caller's waker.
    WakerThrough,
    /// The hook of a grant hears what happens further up.
    HearsAbove,
    /// Data may be nested in itself without end.
    NoLevels,
    /// A lease does not ask whether the method is allowed.
    LeaseUnlisted,
    /// A lease as a super-interface has the list of what crossed, as it stands.
    LeasedAsCrossed,
    /// An async method is not looked up in the list.
    UnlistedAsync,
    /// A list is good for calls in either direction.
    EitherList,
    /// A grant has the lists of the membrane that it derives from.
    ParentsLists,
    /// A proxy of a sibling is wrapped without the sibling's layer.
    LayerPeeled,
    /// A path is within another whose text it begins with.
    WithinByText,
    /// A closure on arguments is asked about every call, wherever it was added.
    ClosuresSeeAll,
    /// A membrane shows its closures as they are.
    OpenPolicies,
    /// A check passes what it cannot look at.
    OpaquePasses,
    /// A policy is built from what is right in it.
    LenientPolicy,
    /// A star lists every method, now and later.
    Wildcards,
    /// A panic goes on that was raised as a value was passed.
    LoudPass,
    /// A panic goes on of what is asked whether it is a proxy.
    LoudQuestions,
    /// Objects may be asked inside each other without end.
    EndlessQuestions,
    /// A proxy that this thread is too deep to ask is taken for a broken one.
    DeepIsBroken,
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
