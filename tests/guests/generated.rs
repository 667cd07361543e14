//! Guests that were put together by chance.
//!
//! Whatever such a guest does, it lives or ends in one of the ways that there are names for; nothing but what is allowed is
//! called, on nothing but what it was given; and afterwards everything is as it was before.

use super::Server;
use super::forger::{Forged, Parts};
use super::generator::{Chance, GLOBALS};
use super::lab::{Lab, breaks, contained};
use super::oak::Oak;
use membrane::ErrorKind;
use runtime::Limits;
use runtime::wasm::End;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// How many guests there are, unless `GENERATED_GUESTS` says so.
const GUESTS: u64 = 40;
/// How often each is called.
const STRIKES: usize = 3;
/// What its policy lets it call.
const LISTED: [&str; 3] = ["next", "echo", "visit"];
/// How a call of it may fail. Nobody else calls it, so it is not busy, whatever it says.
const KINDS: [ErrorKind; 7] = [
    ErrorKind::Failed,
    ErrorKind::Exhausted,
    ErrorKind::Refused,
    ErrorKind::Rejected,
    ErrorKind::Panicked,
    ErrorKind::TooDeep,
    ErrorKind::Revoked,
];

/// What guests have come to.
#[derive(Debug, Default)]
struct Tally {
    broke: usize,
    gave_up: usize,
    lived: usize,
    answered: usize,
    failed: usize,
    nested: usize,
    calls: usize,
}

/// Runs one guest, and holds it to the rules.
fn run(seed: u64, keeper: &Forged, lab: &Lab, tally: &mut Tally) {
    let attack = Chance::new(seed).attack();
    let parts = Parts {
        rest: GLOBALS,
        ..Parts::attack(&attack)
    };
    let limits = Limits {
        // Not reached, unless there is an endless loop.
        deadline: Some(Duration::from_secs(30)),
        ..Limits::default()
    };
    let forged = parts.start(limits).expect("it starts");
    let (victim, other) = (Oak::new(), Oak::new());
    // Lent to another guest of the same engine, whose handle of it has a number that this one may guess.
    let bystander = Oak::new();
    let kept = keeper.forger.strike(bystander.clone(), bystander.clone());
    assert_eq!(kept, Ok(7));
    for _ in 0..STRIKES {
        let result = forged.forger.strike(victim.clone(), other.clone());
        match (&result, forged.guest.report().ended) {
            (Ok(_), None) => tally.answered += 1,
            (Err(error), None) => {
                tally.failed += 1;
                let known = KINDS.contains(&error.kind()) && error.reason().is_none();
                lab.escaped_if(!known, format!("guest {seed}: {error}"));
            }
            (Err(error), Some(End::Broke | End::Trapped | End::Unreachable)) => {
                let revoked = error.kind() == ErrorKind::Revoked;
                lab.escaped_if(!revoked, format!("guest {seed}: {error}"));
            }
            other => lab.escaped(format!("guest {seed}: {other:?}")),
        }
        // The guest knows of two objects, however many handles it has of each.
        let objects = forged.guest.report().handles;
        lab.escaped_if(objects > 2, format!("guest {seed}: {objects} objects"));
    }
    match forged.guest.report().ended {
        Some(End::Unreachable) => tally.gave_up += 1,
        Some(_) => tally.broke += 1,
        None => tally.lived += 1,
    }
    let calls = [victim.calls(), other.calls()].concat();
    if !calls.is_empty() {
        lab.reached();
    }
    tally.calls += calls.len();
    tally.nested += calls.iter().filter(|call| **call == "visit").count();
    for call in calls.iter().filter(|call| !LISTED.contains(call)) {
        lab.escaped(format!("guest {seed}: {call}"));
    }
    lab.escaped_if(
        !bystander.calls().is_empty(),
        format!("guest {seed}: what another was lent"),
    );
    forged.guest.stop("done");
    let held = (Arc::strong_count(&victim), Arc::strong_count(&other));
    lab.escaped_if(held != (1, 1), format!("guest {seed}: {held:?} holders"));
    let exports = forged.guest.report().exports;
    lab.escaped_if(exports != 0, format!("guest {seed}: {exports} exports"));
    forged.assert_contained();
}

fn guests() -> u64 {
    std::env::var("GENERATED_GUESTS").map_or(GUESTS, |text| text.parse().expect("a number"))
}

#[test]
fn guests_made_by_chance_reach_nothing_and_leave_nothing_behind() {
    let tally = RefCell::new(Tally::default());
    let faults = breaks![membrane::AllowAll];
    contained(faults, |lab| {
        let keeper = Forged::new("(call $number (i32.const 7))");
        tally.take();
        for seed in 0..guests() {
            run(seed, &keeper, lab, &mut tally.borrow_mut());
        }
        assert_eq!(keeper.guest.report().ended, None, "others go on");
        let server = Server::new();
        assert_eq!(keeper.forger.strike(server.clone(), server), Ok(7));
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    // Each kind of end is met, and calls arrive.
    assert!(
        tally.broke >= 5 && tally.gave_up >= 1 && tally.lived >= 5,
        "{tally:?}"
    );
    assert!(
        tally.answered >= 10 && tally.failed >= 2 && tally.nested >= 5 && tally.calls >= 50,
        "{tally:?}"
    );
}
