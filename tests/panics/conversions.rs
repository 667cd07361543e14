//! Foreign code that a conversion runs.

use super::*;

/// D4, D16. Fails if arguments or results are converted outside the catch, or before the call counts as running.
#[test]
fn panic_in_a_conversion_is_an_error() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, census, bomb) = bomb(direction, payload);
            let lit = Fuse(Some(payload));
            let worker = || Scripted::counted(&census).share();
            let panicked = Some(ErrorKind::Panicked);
            assert_eq!(
                kind(bomb.take(worker(), Fuse(None), worker())),
                None,
                "the positive control"
            );
            assert_eq!(kind(bomb.take(worker(), lit, worker())), panicked);
            assert_eq!(kind(bomb.list(vec![Fuse(None), lit, Fuse(None)])), panicked);
            assert_eq!(kind(bomb.map([(Key(true), lit)].into())), panicked);
            assert_eq!(kind(bomb.give()), panicked);
            assert_eq!(kind(bomb.fail()), panicked);
            let closure = bomb.closure().ok().unwrap();
            assert_eq!(kind(closure(lit)), panicked);
            drop(closure);
            assert_eq!(
                (census.alive(), membrane.live_proxies()),
                (0, 1),
                "what was converted so far is dropped"
            );
            assert_sound(&membrane);
        }
    }
}

/// D1: a map is rebuilt with its key's own hash.
#[test]
fn panic_in_the_hash_of_a_key_is_an_error() {
    for direction in DIRECTIONS {
        let (membrane, _, bomb) = bomb(direction, || {});
        let map = || HashMap::from([(Key(true), Fuse(None)), (Key(false), Fuse(None))]);
        assert_eq!(kind(bomb.map(map())), None);
        let prepared = map();
        ARMED.with(|armed| armed.store(true, SeqCst));
        assert_eq!(kind(bomb.map(prepared)), Some(ErrorKind::Panicked));
        ARMED.with(|armed| armed.store(false, SeqCst));
        assert_sound(&membrane);
    }
}

/// D4: whoever is asked whether it is a proxy runs its own code.
#[test]
fn panic_of_what_is_asked_whether_it_is_a_proxy_is_an_error() {
    struct Hostile(fn());
    impl Worker for Hostile {
        fn run(&self) -> Result<u64, Error> {
            Ok(0)
        }
        fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn __membrane_worker(&self, _: &membrane::__private::Query<'_>) {
            (self.0)();
        }
    }
    for direction in DIRECTIONS {
        for payload in payloads() {
            for on_panic in [OnPanic::Error, OnPanic::Propagate] {
                let membrane = Membrane::new(rules().on_panic(on_panic).build().unwrap());
                let hostile: Arc<dyn Worker> = Arc::new(Hostile(payload));
                assert_kind(
                    membrane.pass(hostile.clone(), direction).map(drop),
                    ErrorKind::Panicked,
                );
                assert_kind(
                    membrane
                        .pass(vec![plain_worker(), hostile.clone()], direction)
                        .map(drop),
                    ErrorKind::Panicked,
                );
                assert_eq!(membrane.live_proxies(), 0);
                if on_panic == OnPanic::Error {
                    let lent = membrane.pass(plain_worker(), direction).unwrap();
                    assert_kind(lent.run_with(hostile), ErrorKind::Panicked);
                    drop(lent);
                }
                assert_sound(&membrane);
            }
        }
    }
}

/// The interface's author is trusted not to, but M10 promises that gates and counters stay right.
/// Fails if `Cell::call` makes an error while its frame is still published.
#[test]
fn panic_in_the_conversion_to_an_interfaces_error_leaves_the_gate_right() {
    struct Picky;
    impl From<Error> for Picky {
        fn from(_: Error) -> Self {
            panic!("in From<Error>")
        }
    }
    impl Passable for Picky {
        const BARE: bool = true;
        fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
            Ok(self)
        }
    }
    type Fragile = Arc<dyn Fn(bool) -> Result<u64, Picky> + Send + Sync>;
    // A frame that stays published goes on to the next thread: of this process, not of the other tests'.
    in_its_own_process(
        "conversions::panic_in_the_conversion_to_an_interfaces_error_leaves_the_gate_right",
        || {
            for direction in DIRECTIONS {
                for revoked in [false, true] {
                    let membrane = Membrane::new(rules().build().unwrap());
                    let closure: Fragile = Arc::new(|panics| {
                        assert!(!panics, "in the target");
                        Ok(1)
                    });
                    let lent = membrane.pass(closure, direction).unwrap();
                    if revoked {
                        membrane.revoke("so that it fails");
                    }
                    for _ in 0..3 {
                        drop(payload_of(|| _ = lent(true).is_ok()));
                    }
                    assert_eq!(
                        membrane.revoke_and_wait("again", Duration::ZERO),
                        Ok(()),
                        "revoked: {revoked}"
                    );
                    assert_sound(&Membrane::new(rules().build().unwrap()));
                }
            }
        },
    );
}
