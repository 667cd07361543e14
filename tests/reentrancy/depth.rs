//! Depth.

use super::*;
use membrane::Homecoming;

/// M14: a limit of `n` allows `n` calls inside each other, the outermost counted. Fails if the limit is not asked, or is
/// off by one, anywhere: the outermost call, a thread's own frames, each further chunk of them.
#[test]
fn depth_is_exactly_what_the_policy_says() {
    for direction in DIRECTIONS {
        for limit in [1, 2, 3, 7, 8, 9, 10, 39, 40, 41, 42, 72, 73, 127, 128] {
            if cfg!(miri) && limit > 42 {
                continue;
            }
            let membrane = Membrane::new(deep_policy(limit));
            let (well, lent) = well(&membrane, direction);
            let limit = u64::from(limit);
            for round in 1..=2 {
                // The outermost call and `calls` more.
                assert_eq!(lent.deeper(limit - 1), Ok(limit - 1), "as deep as {limit}");
                assert_eq!(well.entered.swap(0, SeqCst) as u64, limit);
                assert_eq!(
                    lent.deeper(limit),
                    Err(ErrorKind::TooDeep.into()),
                    "deeper than {limit}, round {round}"
                );
                assert_eq!(
                    well.entered.swap(0, SeqCst) as u64,
                    limit,
                    "the last one was not entered"
                );
            }
        }
    }
}

#[test]
fn default_depth_is_exactly_the_documented_one() {
    let deep = allow!(dyn Deep: deeper);
    let membrane = Membrane::new(Policy::builder().inbound(deep).build().unwrap());
    let (_, lent) = well(&membrane, Direction::Outbound);
    let limit = u64::from(Policy::DEFAULT_DEPTH_LIMIT);
    assert_eq!(limit, 128);
    assert_eq!(lent.deeper(limit - 1), Ok(limit - 1));
    assert_kind(lent.deeper(limit), ErrorKind::TooDeep);
}

#[test]
fn depth_may_be_greater_than_the_default() {
    let limit = sized(1000, 150) as u64;
    let membrane = Membrane::new(deep_policy(u32::try_from(limit).unwrap()));
    let told = Builder::new().stack_size(64 << 20).spawn(move || {
        let (_, lent) = well(&membrane, Direction::Outbound);
        (lent.deeper(limit - 1), lent.deeper(limit))
    });
    assert_eq!(
        told.unwrap().join().unwrap(),
        (Ok(limit - 1), Err(ErrorKind::TooDeep.into()))
    );
}

/// D7. A limit of `n` bounds the calls of all membranes that the thread is in; each call obeys the limit of its own.
#[test]
fn depth_is_counted_over_all_membranes() {
    for limits in [[10, 10], [6, 12], [12, 6], [1, 9], [9, 1], [20, 3]] {
        let membranes = limits.map(|limit| Membrane::new(deep_policy(limit)));
        let wells = [(); 2].map(|()| Arc::new(Well::default()));
        // Each goes on by the other's proxy.
        let lent: Vec<_> = membranes
            .iter()
            .zip(&wells)
            .map(|(membrane, well)| membrane.wrap(well.clone() as Arc<dyn Deep>).unwrap())
            .collect();
        wells[0].set(&lent[1]);
        wells[1].set(&lent[0]);
        for first in 0..2 {
            // Call number `index + 1` is refused if its membrane allows `index` or fewer.
            let entered = (0..100)
                .find(|index| limits[(first + index) % 2] as usize <= *index)
                .unwrap();
            let calls = entered as u64;
            assert_eq!(lent[first].deeper(calls - 1), Ok(calls - 1), "{limits:?}");
            assert_kind(lent[first].deeper(calls), ErrorKind::TooDeep);
            assert_kind(lent[first].deeper(1000), ErrorKind::TooDeep);
            let total: usize = wells.iter().map(|well| well.entered.swap(0, SeqCst)).sum();
            assert_eq!(total, 3 * entered, "{limits:?} from {first}");
        }
    }
}

#[test]
fn closures_are_bounded_as_methods_are() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(deep_policy(10));
        let (_, lent) = well(&membrane, direction);
        let closure = lent.closure().unwrap();
        // Inside the closure, `next.closure()` needs a call of its own for a moment.
        assert_eq!(closure(9), Ok(9));
        assert_kind(closure(10), ErrorKind::TooDeep);
        assert_kind(closure(1000), ErrorKind::TooDeep);
        assert_eq!(closure(9), Ok(9), "usable again");
    }
}

/// An iterator that was refused for its depth has not moved. Fails if the refused step ends it, or takes an item out.
#[test]
fn iterator_goes_on_after_it_was_too_deep() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(deep_policy(2));
        let (_, lent) = well(&membrane, direction);
        let items = Arc::new(Mutex::new(lent.items().unwrap()));
        let next = || items.lock().unwrap().next();
        // At the top an item may make a call of its own; one call in, the item must not; two calls in, there is no item.
        assert_eq!(next(), Some(Ok(0)));
        let one_in = Scripted::new({
            let items = items.clone();
            move |other| match other {
                Some(other) => other.run(),
                None => items.lock().unwrap().next().unwrap(),
            }
        });
        let one_in = membrane.pass(one_in.share(), direction).unwrap();
        assert_eq!(one_in.run(), Ok(1), "an odd item, one call in");
        assert_kind(one_in.run(), ErrorKind::TooDeep);
        assert_eq!(
            next(),
            Some(Ok(3)),
            "item 2 said that it was too deep, and is past"
        );
        let two_in = {
            let items = items.clone();
            Scripted::new(move |_| items.lock().unwrap().next().unwrap()).share()
        };
        assert_kind(one_in.run_with(two_in), ErrorKind::TooDeep);
        assert_eq!(next(), Some(Ok(4)), "item 4 was not asked for");
        let rest: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(rest, [Ok(5), Ok(6), Ok(7), Ok(8)]);
    }
}

/// D7: at the limit, what needs a look at a proxy's target fails cleanly, and never as if it were no proxy.
#[test]
fn crossing_at_the_limit_is_too_deep_rather_than_wrong() {
    for homecoming in [Homecoming::Unwrap, Homecoming::KeepWrapped] {
        let policy = working()
            .depth_limit(2)
            .homecoming(homecoming)
            .build()
            .unwrap();
        let (membrane, target) = (Membrane::new(policy.clone()), plain_worker());
        let of_wet = membrane.wrap(target.clone()).unwrap();
        let seen = Arc::new(Mutex::new(vec![]));
        let crosses = Scripted::new({
            let (membrane, of_wet, target, seen) = (
                membrane.clone(),
                of_wet.clone(),
                target.clone(),
                seen.clone(),
            );
            move |other| {
                if let Some(other) = other {
                    return other.run();
                }
                let crossed = membrane.wrap_inbound(of_wet.clone());
                seen.lock()
                    .unwrap()
                    .push(crossed.map(|home| Arc::ptr_eq(&home, &target)));
                // What is no proxy needs no look.
                assert!(
                    membrane
                        .wrap(target.clone())
                        .is_ok_and(|lent| Arc::ptr_eq(&lent, &of_wet))
                );
                Ok(1)
            }
        });
        let lent = membrane.wrap(crosses.share()).unwrap();
        let home = homecoming == Homecoming::Unwrap;
        assert_eq!(lent.run(), Ok(1), "one call in");
        let inner = membrane.wrap(
            Scripted::new({
                let lent = lent.clone();
                move |_| lent.run()
            })
            .share(),
        );
        assert_eq!(inner.unwrap().run(), Ok(1), "two calls in");
        assert_eq!(
            *seen.lock().unwrap(),
            [Ok(home), Err(ErrorKind::TooDeep.into())]
        );
        // As an argument it is looked at inside the call.
        let outer = membrane.wrap(
            Scripted::new({
                let (lent, of_wet) = (lent.clone(), of_wet.clone());
                move |_| lent.run_with(of_wet.clone())
            })
            .share(),
        );
        assert_kind(outer.unwrap().run(), ErrorKind::TooDeep);
        // Kept wrapped, it is two calls further in.
        let expected = if home {
            Ok(7)
        } else {
            Err(ErrorKind::TooDeep.into())
        };
        assert_eq!(lent.run_with(of_wet.clone()), expected, "with room for it");
    }
}

#[test]
fn everything_works_again_after_too_deep() {
    let membranes = [(); 2].map(|()| Membrane::new(deep_policy(20)));
    for round in 0..sized(50, 3) {
        for membrane in &membranes {
            for direction in DIRECTIONS {
                let (_, lent) = well(membrane, direction);
                assert_kind(lent.deeper(1000), ErrorKind::TooDeep);
                assert_eq!(lent.deeper(19), Ok(19), "round {round}");
                assert!(
                    Arc::ptr_eq(&lent, &membrane.pass(lent.clone(), direction).unwrap()),
                    "no second proxy"
                );
                let other: Arc<dyn Deep> = Arc::new(Well::default());
                assert_eq!(lent.meet(other), Ok(0));
                assert_eq!(lent.items().unwrap().count(), 9);
            }
        }
    }
    for membrane in membranes {
        assert_eq!(membrane.live_proxies(), 0);
        assert_eq!(
            membrane.revoke_and_wait("done", std::time::Duration::ZERO),
            Ok(())
        );
    }
}

/// M14: a clean error, not a stack overflow, on a stack that is a small part of the usual one.
#[test]
fn default_depth_fits_on_a_small_stack() {
    let stack = if tests::sanitized() || cfg!(miri) {
        8 << 20
    } else if cfg!(debug_assertions) {
        768 << 10
    } else {
        128 << 10
    };
    let small = Builder::new().stack_size(stack).spawn(|| {
        let (one, two) = (
            Membrane::new(deep_policy(128)),
            Membrane::new(deep_policy(128)),
        );
        let wells = [(); 2].map(|()| Arc::new(Well::default()));
        let lent = [
            one.wrap(wells[0].clone() as Arc<dyn Deep>).unwrap(),
            two.wrap_inbound(wells[1].clone() as _).unwrap(),
        ];
        wells[0].set(&lent[1]);
        wells[1].set(&lent[0]);
        let closure = lent[0].closure().unwrap();
        (
            lent[0].deeper(u64::MAX),
            closure(u64::MAX),
            lent[1].deeper(127),
        )
    });
    let too_deep = Err(ErrorKind::TooDeep.into());
    assert_eq!(
        small.unwrap().join().unwrap(),
        (too_deep, too_deep, Ok(127))
    );
}

/// D7: recursion by callbacks that are made anew at each level.
#[test]
fn endless_callbacks_are_too_deep() {
    fn endless() -> Arc<dyn Worker> {
        Scripted::new(|other| other.map_or_else(|| Ok(1), |other| other.run_with(endless())))
            .share()
    }
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(endless()).unwrap();
    assert_kind(lent.run_with(endless()), ErrorKind::TooDeep);
    assert_eq!((lent.run(), membrane.live_proxies()), (Ok(1), 1));
}
