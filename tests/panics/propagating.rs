//! Panics that go on, by `OnPanic::Propagate`.

use super::*;

/// M10. Fails if the payload is resumed instead of a fresh one.
#[test]
fn propagated_panic_has_no_payload_of_the_first() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let membrane = Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap());
            let bomb = lend(
                &membrane,
                direction,
                Charge::new(payload, &Census::default()),
            );
            let lit = Fuse(Some(payload));
            let closure = bomb.closure().ok().unwrap();
            let mut items = bomb.items().ok().unwrap();
            let panics: [&mut dyn FnMut(); 6] = [
                &mut || drop(bomb.go()),
                &mut || drop(bomb.list(vec![lit])),
                &mut || drop(bomb.give()),
                &mut || drop(bomb.fail()),
                &mut || drop(closure(Fuse(None))),
                &mut || drop(items.next()),
            ];
            for panics in panics {
                let payload = payload_of(panics);
                assert_eq!(
                    payload.downcast_ref(),
                    Some(&"a call through a membrane panicked")
                );
            }
            drop((bomb, closure, items));
            assert_sound(&membrane);
        }
    }
}

#[test]
fn propagation_is_each_membranes_own_choice() {
    for (inner, outer) in [
        (OnPanic::Propagate, OnPanic::Error),
        (OnPanic::Error, OnPanic::Propagate),
        (OnPanic::Propagate, OnPanic::Propagate),
    ] {
        let [inside, outside] = [inner, outer]
            .map(|on_panic| Membrane::new(rules().on_panic(on_panic).build().unwrap()));
        let lent = outside
            .wrap(
                inside
                    .wrap(Scripted::new(|_| panic!("secret")).share())
                    .unwrap(),
            )
            .unwrap();
        if (inner, outer) == (OnPanic::Propagate, OnPanic::Propagate) {
            let payload = payload_of(|| _ = lent.run());
            assert_eq!(
                payload.downcast_ref(),
                Some(&"a call through a membrane panicked")
            );
        } else {
            assert_kind(lent.run(), ErrorKind::Panicked);
        }
        assert_sound(&inside);
        assert_sound(&outside);
    }
}

#[test]
fn propagated_panic_of_a_callback_unwinds_the_target_and_ends_at_its_caller() {
    let membrane = Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap());
    let unwound = Census::default();
    let calls = Scripted::new({
        let unwound = unwound.clone();
        move |other| {
            let _here = unwound.token();
            other.unwrap().run()
        }
    });
    let lent = membrane.wrap(calls.share()).unwrap();
    let callback = Scripted::new(|_| panic!("secret")).share();
    let payload = payload_of(|| _ = lent.run_with(callback));
    assert_eq!(
        payload.downcast_ref(),
        Some(&"a call through a membrane panicked")
    );
    assert_eq!((unwound.made(), unwound.alive()), (1, 0));
    assert_sound(&membrane);
}

/// The thread that dies of a propagated panic leaves nothing running.
#[test]
fn thread_that_dies_of_a_propagated_panic_leaves_nothing_behind() {
    let (membrane, census) = (
        Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap()),
        Census::default(),
    );
    let angry = Scripted::new(|_| panic!("dies")).with_token(census.token());
    let lent = membrane.wrap(angry.share()).unwrap();
    for _ in 0..sized(50, 5) {
        let lent = lent.clone();
        assert!(std::thread::spawn(move || lent.run()).join().is_err());
    }
    assert_sound(&membrane);
    assert_eq!(census.alive(), 0);
}
