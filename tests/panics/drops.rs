//! Destructors that panic.

use super::*;
use membrane::Policy;

/// D16. Fails if `Cell::call` replaces a withheld result by plain assignment. Small and large results differ in the gate.
#[test]
fn panic_in_the_drop_of_a_withheld_result_is_caught() {
    for direction in DIRECTIONS {
        for method in 0..3 {
            let (membrane, census) = (Membrane::new(rules().build().unwrap()), Census::default());
            let mut charge = Charge::new(|| {}, &census);
            let armed = charge.armed.clone();
            let revokes = membrane.clone();
            charge.first = Box::new(move || revokes.revoke("withheld"));
            let bomb = lend(&membrane, direction, charge);
            armed.store(true, SeqCst);
            let told = match method {
                0 => bomb.small().map(drop),
                1 => bomb.large().map(drop),
                _ => bomb.loud_failure().map(drop),
            };
            armed.store(false, SeqCst);
            assert_eq!(kind(told), Some(ErrorKind::Revoked));
            assert_eq!(membrane.revoke_and_wait("again", Duration::ZERO), Ok(()));
            assert_sound(&Membrane::new(rules().build().unwrap()));
        }
    }
}

#[test]
fn delivered_result_is_dropped_by_its_holder_alone() {
    let (_, _, bomb) = bomb(Direction::Outbound, || {});
    let (small, large) = (bomb.small().ok().unwrap(), bomb.large().ok().unwrap());
    assert!(small.1.is_empty() && large.1.iter().all(|word| *word == 0));
    large.0.store(true, SeqCst);
    std::mem::forget(payload_of(|| drop(large)));
    small.0.store(false, SeqCst);
}

/// E6.
#[test]
fn panic_in_the_drop_of_a_target_does_not_reach_its_holder() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, census) = (Membrane::new(rules().build().unwrap()), Census::default());
            let angry = || Scripted::counted(&census).on_drop(payload).share();
            drop(membrane.pass(angry(), direction).unwrap());
            let lent = membrane.pass(plain_worker(), direction).unwrap();
            // Made for the call, and gone with it.
            assert_eq!(lent.run_with(angry()), Ok(7));
            assert_eq!(
                (census.made(), census.alive(), membrane.live_proxies()),
                (2, 0, 1)
            );
            drop(lent);
            assert_sound(&membrane);
        }
    }
}

/// M10. The last holder of a proxy may be the last of its membrane, too: what the owner left there must not panic at it.
#[test]
fn panic_in_the_drop_of_an_observer_does_not_reach_the_last_holder() {
    for derived in [false, true] {
        let root = Membrane::new(rules().build().unwrap());
        let membrane = if derived {
            root.attenuate(root.policy()).unwrap()
        } else {
            root.clone()
        };
        let armed = Arc::new(AtomicBool::new(false));
        let loud = Loud::<1>::armed(&armed);
        root.on_revoke(move |_| drop(loud));
        let lent = membrane.wrap(plain_worker()).unwrap();
        drop((membrane, root));
        armed.store(true, SeqCst);
        let told = catch_unwind(AssertUnwindSafe(|| drop(lent)));
        armed.store(false, SeqCst);
        let fine = told.is_ok();
        // Its payload would panic here.
        std::mem::forget(told);
        assert!(fine, "the holder got the owner's panic");
    }
}

/// M10. Fails if `Membrane::pass` drops what comes too late otherwise than by `drop_quietly`.
#[test]
fn panic_in_the_drop_of_what_comes_too_late_is_caught() {
    struct Endless(Angry);
    impl Iterator for Endless {
        type Item = Result<Fuse, Failure>;
        fn next(&mut self) -> Option<Self::Item> {
            let Self(_) = self;
            None
        }
    }
    for direction in DIRECTIONS {
        let membrane = Membrane::new(rules().build().unwrap());
        membrane.revoke("too late");
        let told = catch_unwind(AssertUnwindSafe(|| {
            let items: Items = Box::new(Endless(Angry));
            assert_revoked(membrane.pass(items, direction).map(drop), "too late");
            let worker = Scripted::new(|_| Ok(7)).on_drop(|| panic_any(Angrier));
            assert_revoked(
                membrane.pass(worker.share(), direction).map(drop),
                "too late",
            );
        }));
        let fine = told.is_ok();
        // Its payload would panic here.
        std::mem::forget(told);
        assert!(fine, "the owner got the guest's panic");
    }
}

/// E6: an iterator is the one object that the membrane itself takes out and holds while it runs.
#[test]
fn iterator_that_panics_in_next_and_in_drop_does_not_abort() {
    struct Bad;
    impl Iterator for Bad {
        type Item = Result<u64, Error>;
        fn next(&mut self) -> Option<Self::Item> {
            panic!("in next")
        }
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in Drop")
        }
    }
    in_its_own_process(
        "drops::iterator_that_panics_in_next_and_in_drop_does_not_abort",
        || {
            for direction in DIRECTIONS {
                let membrane = Membrane::new(Policy::deny_all());
                let bad: Box<dyn Iterator<Item = Result<u64, Error>> + Send> = Box::new(Bad);
                let mut items = membrane.pass(bad, direction).unwrap();
                assert_kind(items.next().unwrap(), ErrorKind::Panicked);
                assert_eq!(items.next(), None);
            }
        },
    );
}
