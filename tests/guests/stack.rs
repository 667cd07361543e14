//! One thread's stack, on which guests stand inside each other.

use super::engine;
use super::forger::{Forged, Forger, Parts, reachable};
use super::oak::Oak;
use membrane::{Error, OnPanic, allow};
use probe::Service;
use runtime::Limits;
use runtime::wasm::End;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// A guest that asks the one service how deep it is to go, goes there, and then calls the other.
fn digger() -> Forged {
    let (mut locals, mut loads, mut sums) = (String::new(), String::new(), String::new());
    for local in 0..100 {
        let _ = write!(locals, "(local $l{local} i64)");
        let _ = write!(
            loads,
            "(local.set $l{local} (i64.load (i32.const {})))",
            8 * local
        );
        let _ = write!(
            sums,
            "(global.set $sum (i64.add (global.get $sum) (local.get $l{local})))"
        );
    }
    let rest = format!(
        "(global $sum (mut i64) (i64.const 0))
         (func $dig (param $levels i32) (param $h i32) {locals} {loads}
           (if (local.get $levels)
             (then (call $dig (i32.sub (local.get $levels) (i32.const 1)) (local.get $h)))
             (else (call $mark (local.get $h))))
           {sums})"
    );
    let attack = "(call $mark (local.get $h))
        (call $dig (i32.load offset=8 (i32.load (i32.const 2052))) (local.get $other))
        (call $told)";
    let parts = Parts {
        rest: &rest,
        ..Parts::attack(attack)
    };
    parts.start(Limits::default()).expect("it starts")
}

fn dig(
    forger: &Arc<dyn Forger>,
    levels: u64,
    there: impl Fn() -> Result<u64, Error> + Send + Sync + 'static,
) -> Result<u64, Error> {
    forger.strike(
        Oak::doing(move |_| Ok(levels)),
        Oak::doing(move |_| there()),
    )
}

/// How deep a guest can go that has its stack to itself.
fn deepest() -> u64 {
    let (mut fits, mut overflows) = (1, 100_000);
    while overflows - fits > 1 {
        let levels = u64::midpoint(fits, overflows);
        let alone = digger();
        if dig(&alone.forger, levels, || Ok(0)).is_ok() {
            fits = levels;
        } else {
            assert_eq!(alone.guest.report().ended, Some(End::OutOfStack));
            overflows = levels;
        }
    }
    fits
}

/// Fails if a guest that waits is called back wherever on the stack that is: it is then ended for what the other guest took.
#[test]
fn guest_that_waits_is_not_ended_by_what_another_takes_of_the_stack() {
    let deepest = deepest();
    let mut called_back = 0;
    for tenths in 0..=9 {
        let (one, other) = (digger(), digger());
        let (first, second) = (one.forger.clone(), other.forger.clone());
        let told: Arc<Mutex<Option<Result<u64, Error>>>> = Arc::default();
        let note = told.clone();
        let result = dig(&one.forger, 0, move || {
            let (first, note) = (first.clone(), note.clone());
            dig(&second, deepest * tenths / 10, move || {
                // A third of its stack: it needs that much, and no more.
                let told = dig(&first, deepest / 3, || Ok(0));
                *note.lock().expect("no panic") = Some(told);
                Ok(0)
            })
        });
        assert_eq!(result, Ok(100), "{tenths} tenths");
        assert_eq!(one.guest.report().ended, None, "{tenths} tenths");
        assert_eq!(other.guest.report().ended, None, "{tenths} tenths");
        match told.lock().expect("no panic").take() {
            Some(Ok(100)) => called_back += 1,
            Some(Err(error)) => {
                assert_eq!(
                    error.kind(),
                    membrane::ErrorKind::TooDeep,
                    "{tenths} tenths"
                );
            }
            other => panic!("{tenths} tenths: {other:?}"),
        }
    }
    assert!((2..=8).contains(&called_back), "{called_back} of ten");
}

/// A panic cannot go through a guest. Fails if the guest is ended by it, as if it had done something.
#[test]
fn panic_of_the_host_is_told_the_guest_whatever_the_policy_says() {
    const PANICKED: u64 = 2;
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        let policy = reachable()
            .inbound(allow!(dyn Service: next))
            .on_panic(on_panic)
            .build()
            .expect("one list for each");
        let parts = Parts::attack("(call $mark (local.get $h)) (call $told)");
        let forged = parts
            .start_under(engine(), policy, Limits::default())
            .expect("it starts");
        let victim = Oak::doing(|_| panic!("on purpose"));
        let told = forged.forger.strike(victim.clone(), victim);
        assert_eq!(told, Ok(PANICKED), "{on_panic:?}");
        assert_eq!(forged.guest.report().ended, None, "{on_panic:?}");
        forged.guest.stop("done");
        forged.assert_contained();
    }
}
