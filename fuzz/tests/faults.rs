//! Positive control: with a fault switched on, random programs find it. Only in a build with `--cfg membrane_faults`.
#![forbid(unsafe_code)]
#![cfg(membrane_faults)]

use fuzz::random::SplitMix;
use membrane::fault::{Fault, set};
use std::sync::{Mutex, PoisonError};

/// The most programs until a fault must be found.
const PROGRAMS: u64 = 20_000;

/// Faults are the whole process's: one test at a time.
static STAGE: Mutex<()> = Mutex::new(());

/// Those that programs of `calls` can meet.
const FAULTS: &[Fault] = &[
    Fault::BareReferences,
    Fault::BareArguments,
    Fault::BareResults,
    Fault::BareErrors,
    Fault::BareElements,
    Fault::BareItems,
    Fault::StripForeign,
    Fault::BelieveAnyone,
    Fault::ToTheTarget,
    Fault::HomeAnywhere,
    Fault::AskedAsSuper,
    Fault::AllowAll,
    Fault::WiderChild,
    Fault::KeptEntries,
    Fault::NoIdentity,
    Fault::OneWay,
    Fault::ChildrenLeft,
    Fault::LeaseUnlisted,
    Fault::LeasedAsCrossed,
];

#[test]
fn every_fault_is_found() {
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut missed = Vec::new();
    for fault in FAULTS {
        set(Some(*fault));
        let found = (0..PROGRAMS).find_map(|seed| {
            let input = SplitMix::new(seed).input(600);
            fuzz::calls::run(&input)
                .err()
                .map(|finding| (seed, finding))
        });
        set(None);
        match found {
            Some((seed, finding)) => {
                let finding: String = finding.chars().take(120).collect();
                println!("{fault:?}: found by program {seed}: {finding}");
            }
            None => missed.push(fault),
        }
    }
    assert!(
        missed.is_empty(),
        "not found in {PROGRAMS} programs: {missed:?}"
    );
}

/// Those of names, which programs of `wire` can meet.
#[test]
fn every_fault_of_names_is_found() {
    use runtime::fault::{Fault, set};
    let _stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    for fault in [Fault::AnyGeneration, Fault::AnyDomain] {
        set(Some(fault));
        let found = (0..PROGRAMS).find_map(|seed| {
            let input = SplitMix::new(seed).input(600);
            fuzz::wire::run(&input).err().map(|finding| (seed, finding))
        });
        set(None);
        let (seed, finding) = found.unwrap_or_else(|| panic!("{fault:?} is not found"));
        println!("{fault:?}: found by input {seed}: {finding}");
    }
}
