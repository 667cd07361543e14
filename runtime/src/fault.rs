//! Faults, each of which leaves out one step: the positive controls of the escape tests switch them on, in a build with
//! `--cfg membrane_faults`.
//!
//! In any other build [`on`] is the constant `false` and every branch on it disappears.

#![cfg_attr(not(membrane_faults), allow(unreachable_pub))]

/// One step left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A handle is good for whatever has its place in the table.
    AnyGeneration,
    /// A handle is good in every domain.
    AnyDomain,
    /// An object is sent as it is.
    SendsBare,
    /// Arguments and results may have any size, and be nested to any depth.
    AnyMessage,
    /// A name that there is not is told from one that is not allowed.
    TellsMissing,
    /// A description has all methods, whoever asks.
    DescribesAll,
    /// A domain that is closed stays joined to the others.
    StaysJoined,
    /// A domain may have any number of names.
    AnyNumber,
    /// A name that is released stays.
    KeepsNames,
    /// Whoever releases what is no name is taken at their word.
    StrictNames,
    /// `Debug` of a reference shows where the object is.
    ShowsTarget,
    /// A method is looked up by the last word of a name, whatever the case.
    LooseNames,
    /// An import is found by its key, whatever interface it was imported as.
    AnyInterface,
    /// A reference in a value is good for whoever reads it.
    AnyHolder,
    /// A value that is not of the type is read as if it were.
    LooseTypes,
    /// Arguments beyond those that a method takes are passed over.
    MoreArguments,
    /// Arguments are looked at before the list is.
    LooksFirst,
    /// Of keys and items that occur twice, the last one counts.
    LastOfTwo,
    /// An interface that is made known replaces one of the same hash.
    LastKnown,
}

/// Whether `fault` is switched on.
#[cfg(not(membrane_faults))]
#[inline(always)]
pub(crate) const fn on(_fault: Fault) -> bool {
    false
}

/// The fault that is on, and one; zero for none.
#[cfg(membrane_faults)]
static FAULT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

#[cfg(membrane_faults)]
pub(crate) fn on(fault: Fault) -> bool {
    FAULT.load(std::sync::atomic::Ordering::SeqCst) == fault as usize + 1
}

/// Switches `fault` on, and any other off, in all threads.
#[cfg(membrane_faults)]
pub fn set(fault: Option<Fault>) {
    let number = fault.map_or(0, |fault| fault as usize + 1);
    FAULT.store(number, std::sync::atomic::Ordering::SeqCst);
}
