//! A call that panics is an error for its caller, and all is well afterwards.

use super::*;
use tests::soon;

/// M10, D6, E6. Fails if the target is called outside `catch_unwind`, or the payload dropped outside the second one.
#[test]
fn panic_of_a_target_is_an_error() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, _, bomb) = bomb(direction, payload);
            assert_eq!(kind(bomb.go()), Some(ErrorKind::Panicked));
            assert_eq!(kind(bomb.go()), Some(ErrorKind::Panicked), "and again");
            let closure = bomb.closure().ok().unwrap();
            assert_eq!(kind(closure(Fuse(None))), Some(ErrorKind::Panicked));
            assert_sound(&membrane);
        }
    }
}

#[test]
fn panic_in_an_iterator_is_an_error_and_then_the_end() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, _, bomb) = bomb(direction, payload);
            let mut items = bomb.items().ok().unwrap();
            let mut next = || items.next().map(kind);
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "an item that cannot be converted"
            );
            assert_eq!(next(), Some(None), "the next one can");
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "an error that cannot be converted"
            );
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "a panic of its own"
            );
            assert_eq!((next(), next()), (None, None), "and nothing more");
            assert_sound(&membrane);
        }
    }
}

/// M6, M11: a call that panics after it was revoked is told that it was revoked.
#[test]
fn panic_of_a_revoked_call_is_told_as_revoked() {
    for direction in DIRECTIONS {
        for on_panic in [OnPanic::Error, OnPanic::Propagate] {
            for payload in payloads() {
                let (membrane, census) = (
                    Membrane::new(rules().on_panic(on_panic).build().unwrap()),
                    Census::default(),
                );
                let mut charge = Charge::new(payload, &census);
                let revokes = membrane.clone();
                charge.first = Box::new(move || revokes.revoke("just before"));
                let bomb = lend(&membrane, direction, charge);
                assert_eq!(kind(bomb.go()), Some(ErrorKind::Revoked));
                assert_eq!(membrane.revoke_and_wait("again", Duration::ZERO), Ok(()));
            }
        }
    }
}

/// M10: both directions.
#[test]
fn panic_of_a_callback_is_an_error_for_its_caller() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let membrane = Membrane::new(rules().build().unwrap());
            let seen = Arc::new(Mutex::new(vec![]));
            let calls = Scripted::new({
                let seen = seen.clone();
                move |other| {
                    let answer = other.unwrap().run();
                    seen.lock().unwrap().push(answer);
                    Ok(1)
                }
            });
            let lent = membrane.pass(calls.share(), direction).unwrap();
            let callback = Scripted::new(move |_| {
                payload();
                Ok(2)
            });
            assert_eq!(
                lent.run_with(callback.share()),
                Ok(1),
                "the call around it goes on"
            );
            assert_eq!(
                seen.lock().unwrap().drain(..).collect::<Vec<_>>(),
                [Err(ErrorKind::Panicked.into())]
            );
            assert_sound(&membrane);
        }
    }
}

#[test]
fn panic_goes_through_each_membrane_as_an_error() {
    let membranes = [(); 3].map(|()| Membrane::new(rules().build().unwrap()));
    let mut lent = Scripted::new(|_| panic!("innermost")).share();
    for membrane in &membranes {
        lent = membrane.wrap(lent).unwrap();
    }
    assert_kind(lent.run(), ErrorKind::Panicked);
    membranes.iter().for_each(assert_sound);
}

#[test]
fn all_is_well_after_a_thousand_panics() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        soon(move || {
            let membrane = Membrane::new(rules().on_panic(on_panic).build().unwrap());
            let census = Census::default();
            let bombs = DIRECTIONS
                .map(|direction| lend(&membrane, direction, Charge::new(PAYLOADS[1], &census)));
            let nested = membrane
                .wrap(Scripted::new(|other| other.unwrap().run()).share())
                .unwrap();
            for round in 0..sized(1000, 16) {
                let payload = PAYLOADS[round % PAYLOADS.len()];
                let bomb = &bombs[round % 2];
                let calls: [&dyn Fn() -> Option<ErrorKind>; 4] = [
                    &|| kind(bomb.go()),
                    &|| kind(bomb.list(vec![Fuse(Some(payload))])),
                    &|| kind(bomb.give()),
                    &|| {
                        nested
                            .run_with(
                                Scripted::new(move |_| {
                                    payload();
                                    Ok(0)
                                })
                                .share(),
                            )
                            .err()
                            .map(Error::kind)
                    },
                ];
                let told = catch_unwind(AssertUnwindSafe(|| calls[round / 2 % 4]()));
                match on_panic {
                    OnPanic::Propagate => assert!(told.is_err()),
                    _ => assert_eq!(told.ok(), Some(Some(ErrorKind::Panicked))),
                }
            }
            assert_eq!((census.alive(), membrane.live_proxies()), (0, 3));
            drop((bombs, nested));
            assert_sound(&membrane);
        });
    }
}

/// A call made while this thread unwinds may panic in its turn.
#[test]
fn call_made_while_unwinding_may_panic() {
    struct CallsInDrop(Arc<dyn Worker>, Arc<Mutex<Vec<Result<u64, Error>>>>);
    impl Drop for CallsInDrop {
        fn drop(&mut self) {
            let answer = self.0.run();
            self.1.lock().unwrap().push(answer);
        }
    }
    let membrane = Membrane::new(rules().build().unwrap());
    let told = Arc::new(Mutex::new(vec![]));
    let [fine, angry] = [plain_worker(), Scripted::new(|_| panic!("again")).share()]
        .map(|worker| membrane.wrap(worker).unwrap());
    drop(payload_of(|| {
        let _guards = [fine, angry].map(|worker| CallsInDrop(worker, told.clone()));
        panic!("unwinding");
    }));
    assert_eq!(
        *told.lock().unwrap(),
        [Ok(7), Err(ErrorKind::Panicked.into())]
    );
    assert_sound(&membrane);
}
