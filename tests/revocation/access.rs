//! What is revoked: all access, by every way in.

use super::*;
use membrane::PolicyProblem;

#[test]
fn new_call_ends_when_revoked() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            for own in [true, false] {
                let (census, root) = (Census::default(), Membrane::new(shopping()));
                let (name, membrane) = descents(&root)[kind].clone();
                let shop = lend_shop(&membrane, direction, Stock::new(None, &census));
                assert_eq!(shop.number(), Ok(1), "{name}");
                (if own { &membrane } else { &root }).revoke("closing");
                for (_, call) in CALLS {
                    assert_failed(call(&*shop), "closing");
                }
                assert_eq!(census.alive(), 0, "{name}");
            }
        }
    }
}

/// E14.
#[test]
fn both_directions_are_cut() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let kept: Arc<Mutex<Vec<Arc<dyn Worker>>>> = Arc::default();
    let keeper = Scripted::new({
        let kept = kept.clone();
        move |listener| {
            kept.lock().unwrap().extend(listener);
            Ok(0)
        }
    });
    let lent = membrane
        .wrap(keeper.with_token(census.token()).share())
        .unwrap();
    // The holder's listener comes in by a call, another by hand.
    assert_eq!(lent.run_with(Scripted::counted(&census).share()), Ok(0));
    kept.lock()
        .unwrap()
        .push(lend(&membrane, Direction::Inbound, &census));
    for listener in kept.lock().unwrap().iter() {
        assert_eq!(listener.run(), Ok(7));
    }
    membrane.revoke("both ways");
    assert_revoked(lent.run(), "both ways");
    for listener in kept.lock().unwrap().iter() {
        assert_revoked(listener.run(), "both ways");
        assert_revoked(listener.run_with(plain_worker()), "both ways");
    }
    assert_eq!((census.made(), census.alive()), (3, 0));
}

/// E13, C10. Fails if `revoke` leaves out the tables of closures and iterators, or a proxy asks only when it is made.
#[test]
fn what_was_got_before_is_dead() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            let (census, root) = (Census::default(), Membrane::new(shopping()));
            let (_, membrane) = descents(&root)[kind].clone();
            let shop = lend_shop(&membrane, direction, Stock::new(None, &census));
            let method = {
                let shop = shop.clone();
                move || shop.number()
            };
            let request = {
                let (shop, argument): (_, Closure) = (shop.clone(), Arc::new(Ok));
                move || shop.tell(argument.clone())
            };
            let object = shop.object().unwrap();
            let in_a_list = shop.objects().unwrap().pop().flatten().unwrap();
            let closure = shop.closure().unwrap();
            let (mut fresh, mut begun) = (shop.items().unwrap(), shop.items().unwrap());
            assert_eq!((begun.next(), begun.next()), (Some(Ok(0)), Some(Ok(1))));
            assert!(
                method().is_ok() && request().is_ok() && object.run().is_ok() && closure(1).is_ok()
            );

            root.revoke("over");
            assert_failed(method().map(drop), "over");
            assert_failed(request().map(drop), "over");
            assert_revoked(object.run(), "over");
            assert_revoked(in_a_list.run(), "over");
            assert_revoked(closure(1), "over");
            for items in [&mut fresh, &mut begun] {
                assert_revoked(items.next().expect("not the end"), "over");
                assert_eq!(items.next(), None, "a loop over it ends");
            }
            assert_eq!(census.alive(), 0);
        }
    }
}

#[test]
fn closures_and_iterators_lent_by_hand_are_dead() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let closure: Closure = Arc::new(|n| Ok(2 * n));
        let closure = membrane.pass(closure, direction).unwrap();
        let items: Items = Box::new([Ok(1), Ok(2)].into_iter());
        let mut items = membrane.pass(items, direction).unwrap();
        assert_eq!((closure(4), items.next()), (Ok(8), Some(Ok(1))));
        membrane.revoke("by hand");
        assert_revoked(closure(4), "by hand");
        assert_revoked(items.next().unwrap(), "by hand");
        assert!(items.next().is_none());
    }
}

#[test]
fn nothing_begins_after_revocation() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            let (entered, root) = (
                Arc::new(AtomicUsize::new(0)),
                Membrane::new(worker_policy()),
            );
            let (_, membrane) = descents(&root)[kind].clone();
            let counting = Scripted::new({
                let entered = entered.clone();
                move |_| {
                    entered.fetch_add(1, SeqCst);
                    Ok(0)
                }
            });
            let lent = membrane.pass(counting.share(), direction).unwrap();
            assert_eq!(lent.run(), Ok(0));
            root.revoke("no more");
            assert_revoked(lent.run(), "no more");
            assert_revoked(lent.run_with(plain_worker()), "no more");
            assert_eq!(entered.load(SeqCst), 1);
        }
    }
}

#[test]
fn every_way_in_is_closed_when_revoked() {
    for kind in 0..KINDS {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let (_, membrane) = descents(&root)[kind].clone();
        root.revoke("shut");
        assert_revoked(
            membrane.wrap(Scripted::counted(&census).share()).map(drop),
            "shut",
        );
        assert_revoked(
            membrane
                .wrap_inbound(Scripted::counted(&census).share())
                .map(drop),
            "shut",
        );
        for direction in DIRECTIONS {
            assert_revoked(membrane.pass(7_u64, direction), "shut");
            assert_revoked(
                membrane
                    .pass(vec![Scripted::counted(&census).share()], direction)
                    .map(drop),
                "shut",
            );
            assert_revoked(
                membrane.pass(Arc::new(Ok) as Closure, direction).map(drop),
                "shut",
            );
        }
        for derived in [
            membrane.grant(&worker_policy()),
            membrane.attenuate(&Policy::deny_all()),
        ] {
            assert_eq!(derived.unwrap_err().problems(), [PolicyProblem::Revoked]);
        }
        assert_eq!(
            membrane.scoped(&Policy::deny_all()).unwrap_err().problems(),
            [PolicyProblem::Revoked]
        );
        let ran = membrane.with_grant(&Policy::deny_all(), |_| panic!("must not run"));
        assert_eq!(ran.unwrap_err().problems(), [PolicyProblem::Revoked]);
        assert_eq!(
            (census.made(), census.alive(), membrane.live_proxies()),
            (4, 0, 0)
        );
    }
}
