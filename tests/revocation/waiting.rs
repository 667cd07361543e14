//! Waiting until nothing runs, and never for oneself.

use super::{
    Bakery, CALLS, Closure, DIRECTIONS, Items, KINDS, Shop, Stock, assert_failed, descents, lend,
    lend_shop, plain_worker_that_drops, shopping, waiting_worker,
};
use membrane::{Direction, Membrane, Policy, RunningCall, WaitError};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use tests::{
    Census, Door, SOON, Scripted, assert_revoked, plain_worker, soon, start, worker_policy,
};

// Waiting.

#[test]
fn wait_returns_when_idle() {
    for timeout in [Duration::ZERO, Duration::from_nanos(1), SOON, Duration::MAX] {
        for kind in 0..KINDS {
            let (census, root) = (Census::default(), Membrane::new(worker_policy()));
            let (_, membrane) = descents(&root)[kind].clone();
            let _lent = DIRECTIONS.map(|direction| lend(&membrane, direction, &census));
            assert_eq!(soon(move || root.revoke_and_wait("idle", timeout)), Ok(()));
            assert_eq!(census.alive(), 0);
        }
    }
}

#[track_caller]
fn running(result: Result<(), WaitError>) -> Vec<(&'static str, Option<&'static str>)> {
    let Err(WaitError::TimedOut(calls)) = result else {
        panic!("{result:?}")
    };
    let mut calls: Vec<_> = calls
        .iter()
        .map(|call| (call.interface, call.method))
        .collect();
    calls.sort_unstable();
    calls
}

#[test]
fn wait_names_what_still_runs() {
    for direction in DIRECTIONS {
        for (method, call) in CALLS {
            let (census, door, membrane) =
                (Census::default(), Door::shut(), Membrane::new(shopping()));
            let shop = lend_shop(&membrane, direction, Stock::new(Some(&door), &census));
            let caller = start(move || call(&*shop));
            door.await_arrivals(1);
            for timeout in [
                Duration::ZERO,
                Duration::from_nanos(1),
                Duration::from_millis(1),
            ] {
                assert_eq!(
                    running(membrane.revoke_and_wait("stop", timeout)),
                    [("Shop", Some(method))]
                );
            }
            door.open();
            assert_failed(caller.finish(), "stop");
            assert_eq!(membrane.revoke_and_wait("stopped?", Duration::ZERO), Ok(()));
        }
    }
}

/// Fails if a wait that has a deadline does not sleep.
#[test]
fn wait_with_a_timeout_lasts_until_the_call_is_over() {
    for direction in DIRECTIONS {
        let (door, membrane) = (Door::shut(), Membrane::new(worker_policy()));
        let lent = membrane.pass(waiting_worker(&door), direction).unwrap();
        let caller = start(move || lent.run());
        door.await_arrivals(1);
        let waiter = start({
            let membrane = membrane.clone();
            move || membrane.revoke_and_wait("stop", SOON)
        });
        while !membrane.is_revoked() {
            std::thread::yield_now();
        }
        // Time to fall asleep; if it has not by then, the test shows less and passes.
        std::thread::sleep(Duration::from_millis(20));
        door.open();
        assert_eq!(waiter.finish(), Ok(()));
        assert_revoked(caller.finish(), "stop");
    }
}

#[test]
fn wait_names_every_call_that_runs() {
    let (census, door, membrane) = (Census::default(), Door::shut(), Membrane::new(shopping()));
    let stock = Arc::new(Stock::new(Some(&door), &census));
    let shop: Arc<dyn Shop> = membrane.wrap(stock.clone() as Arc<dyn Shop>).unwrap();
    let bakery: Arc<dyn Bakery> = membrane.wrap(stock as Arc<dyn Bakery>).unwrap();
    let closure: Closure = Arc::new({
        let door = door.clone();
        move |n| {
            door.pass();
            Ok(n)
        }
    });
    let items: Items = Box::new((0..3).map({
        let closure = closure.clone();
        move |n| closure(n)
    }));
    let closure = membrane.pass(closure, Direction::Inbound).unwrap();
    let mut items = membrane.pass(items, Direction::Outbound).unwrap();
    let mut callers = vec![
        start({
            let shop = shop.clone();
            move || shop.text().is_ok()
        }),
        start(move || shop.text().is_ok()),
        start({
            let bakery = bakery.clone();
            move || bakery.bread().is_ok()
        }),
        // Inherited: named after the interface that crossed.
        start(move || bakery.text().is_ok()),
        start(move || closure(1).is_ok()),
    ];
    callers.push(start(move || items.next().unwrap().is_ok()));
    door.await_arrivals(6);
    let result = membrane.revoke_and_wait("stop", Duration::ZERO);
    let told = result.clone().unwrap_err().to_string();
    assert!(told.starts_with("revoked, but still running: "), "{told}");
    assert_eq!(told.matches("Shop::text").count(), 2, "{told}");
    assert!(
        told.contains("Iterator::next") && told.contains(", "),
        "{told}"
    );
    assert_eq!(
        running(result),
        [
            ("Bakery", Some("bread")),
            ("Bakery", Some("text")),
            ("Fn", Some("call")),
            ("Iterator", Some("next")),
            ("Shop", Some("text")),
            ("Shop", Some("text"))
        ]
    );
    let waiting = start({
        let membrane = membrane.clone();
        move || membrane.revoke_and_wait("for ever", Duration::MAX)
    });
    assert!(waiting.is_running());
    door.open();
    assert_eq!(waiting.finish(), Ok(()));
    assert_eq!(census.alive(), 0, "waited for");
    for caller in callers {
        assert!(!caller.finish(), "withheld");
    }
}

/// Two nested calls of one thread are two calls that run.
#[test]
fn wait_names_calls_inside_calls() {
    let (door, membrane) = (Door::shut(), Membrane::new(worker_policy()));
    let worker = Scripted::new({
        let door = door.clone();
        move |other| {
            if let Some(other) = other {
                other.run()
            } else {
                door.pass();
                Ok(0)
            }
        }
    });
    let lent = membrane.wrap(worker.share()).unwrap();
    let caller = start({
        let lent = lent.clone();
        let callback = Scripted::new(move |_| lent.run()).share();
        let lent = membrane
            .wrap(Scripted::new(|other| other.unwrap().run()).share())
            .unwrap();
        move || lent.run_with(callback)
    });
    door.await_arrivals(1);
    assert_eq!(
        running(membrane.revoke_and_wait("stop", Duration::ZERO)),
        // Out by the holder, in by the callback, out by the callback.
        [
            ("Worker", Some("run")),
            ("Worker", Some("run")),
            ("Worker", Some("run_with"))
        ]
    );
    door.open();
    assert_revoked(caller.finish(), "stop");
    assert_eq!(membrane.revoke_and_wait("again", SOON), Ok(()));
}

#[test]
fn wait_on_a_parent_names_the_childrens_calls() {
    for kind in 1..KINDS {
        let (door, root) = (Door::shut(), Membrane::new(worker_policy()));
        let (name, membrane) = descents(&root)[kind].clone();
        let lent = membrane.wrap(waiting_worker(&door)).unwrap();
        let caller = start(move || lent.run());
        door.await_arrivals(1);
        assert_eq!(
            running(root.revoke_and_wait("stop", Duration::ZERO)),
            [("Worker", Some("run"))],
            "{name}"
        );
        door.open();
        assert_revoked(caller.finish(), "stop");
    }
}

/// A wait that timed out may be repeated, also if another cut before. Fails if a scope forgets children that have calls.
#[test]
fn second_wait_still_names_the_childrens_calls() {
    for kind in 1..KINDS {
        let (door, root) = (Door::shut(), Membrane::new(worker_policy()));
        let (name, membrane) = descents(&root)[kind].clone();
        let lent = membrane.wrap(waiting_worker(&door)).unwrap();
        let caller = start(move || lent.run());
        door.await_arrivals(1);
        root.revoke("stop");
        let second = root.revoke_and_wait("stopped?", Duration::ZERO);
        let third = root.revoke_and_wait("and now?", Duration::ZERO);
        door.open();
        assert_revoked(caller.finish(), "stop");
        assert_eq!(running(second), [("Worker", Some("run"))], "{name}");
        assert_eq!(running(third), [("Worker", Some("run"))], "{name}");
    }
}

#[test]
fn wait_names_calls_of_a_child_that_was_revoked_before() {
    let (door, root) = (Door::shut(), Membrane::new(worker_policy()));
    let child = root.grant(&worker_policy()).unwrap();
    let lent = child.wrap(waiting_worker(&door)).unwrap();
    let caller = start(move || lent.run());
    door.await_arrivals(1);
    child.revoke("the child's");
    assert_eq!(
        running(root.revoke_and_wait("stop", Duration::ZERO)),
        [("Worker", Some("run"))]
    );
    door.open();
    assert_revoked(caller.finish(), "the child's");
}

#[test]
fn wait_does_not_wait_for_others() {
    let (door, root) = (Door::shut(), Membrane::new(worker_policy()));
    let [child, sibling] = [(); 2].map(|()| root.grant(&worker_policy()).unwrap());
    let callers = [&root, &sibling].map(|membrane| {
        let lent = membrane.wrap(waiting_worker(&door)).unwrap();
        start(move || lent.run())
    });
    door.await_arrivals(2);
    assert_eq!(
        soon(move || child.revoke_and_wait("mine only", Duration::MAX)),
        Ok(())
    );
    door.open();
    assert_eq!(callers.map(tests::Started::finish), [Ok(0), Ok(0)]);
}

/// M6, M14.
#[test]
fn wait_inside_its_own_call_is_an_error() {
    waits_inside(1);
}

/// Fails if a scope forgets children that have calls.
#[test]
fn second_wait_inside_its_own_call_is_an_error() {
    waits_inside(2);
}

fn waits_inside(times: usize) {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            for own in [true, false] {
                let root = Membrane::new(worker_policy());
                let (name, membrane) = descents(&root)[kind].clone();
                let cut = if own {
                    membrane.revoker()
                } else {
                    root.revoker()
                };
                let (tell, told) = channel();
                let worker = Scripted::new(move |_| {
                    for _ in 0..times {
                        tell.send(cut.revoke_and_wait("inside", Duration::MAX))
                            .unwrap();
                    }
                    Ok(0)
                });
                let lent = membrane.pass(worker.share(), direction).unwrap();
                assert_revoked(soon(move || lent.run()), "inside");
                let told: Vec<_> = told.try_iter().collect();
                assert_eq!(
                    told,
                    vec![Err(WaitError::Inside); times],
                    "{name} {direction} own: {own}"
                );
            }
        }
    }
}

#[test]
fn wait_inside_a_call_of_a_closure_or_iterator_is_an_error() {
    let (tell, told) = channel();
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let closure: Closure = {
            let (membrane, tell) = (membrane.clone(), tell.clone());
            Arc::new(move |n| {
                tell.send(membrane.revoke_and_wait("inside", Duration::MAX))
                    .unwrap();
                Ok(n)
            })
        };
        let closure = membrane.pass(closure, direction).unwrap();
        assert_revoked(soon(move || closure(1)), "inside");

        let membrane = Membrane::new(Policy::deny_all());
        let items: Items = {
            let (membrane, tell) = (membrane.clone(), tell.clone());
            Box::new((0..1).map(move |n| {
                tell.send(membrane.revoke_and_wait("inside", Duration::MAX))
                    .unwrap();
                Ok(n)
            }))
        };
        let mut items = membrane.pass(items, direction).unwrap();
        assert_revoked(soon(move || items.next().unwrap()), "inside");
    }
    drop(tell);
    let told: Vec<_> = told.iter().collect();
    assert_eq!(told, vec![Err(WaitError::Inside); 4]);
}

#[test]
fn wait_for_another_membrane_inside_a_call_returns() {
    // For a child of the call's own, for a sibling, and for a tree of its own.
    for kind in 0..3 {
        let root = Membrane::new(worker_policy());
        let membrane = if kind == 1 {
            root.grant(&worker_policy()).unwrap()
        } else {
            root.clone()
        };
        let other = match kind {
            0 | 1 => root.grant(&worker_policy()).unwrap(),
            _ => Membrane::new(worker_policy()),
        };
        let _of_other = other.wrap(plain_worker()).unwrap();
        let (tell, told) = channel();
        let worker = Scripted::new(move |_| {
            tell.send(other.revoke_and_wait("another", Duration::MAX))
                .unwrap();
            Ok(3)
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        assert_eq!(
            (soon(move || lent.run()), told.try_recv()),
            (Ok(3), Ok(Ok(())))
        );
    }
}

#[test]
fn wait_inside_is_seen_through_other_membranes() {
    let (outer, inner) = (
        Membrane::new(worker_policy()),
        Membrane::new(worker_policy()),
    );
    let (tell, told) = channel();
    let waits = Scripted::new({
        let outer = outer.clone();
        move |_| {
            tell.send(outer.revoke_and_wait("inside", Duration::MAX))
                .unwrap();
            Ok(3)
        }
    });
    let by_inner = inner.wrap(waits.share()).unwrap();
    let by_outer = outer
        .wrap(Scripted::new(move |_| by_inner.run()).share())
        .unwrap();
    assert_revoked(soon(move || by_outer.run()), "inside");
    assert_eq!(told.try_recv(), Ok(Err(WaitError::Inside)));
    assert!(!inner.is_revoked());
}

/// M6: "at once". Fails if scopes are waited for one by one before all are asked whether this thread is in them.
#[test]
fn wait_inside_a_childs_call_does_not_wait_for_the_parents_calls() {
    let (door, root) = (Door::shut(), Membrane::new(worker_policy()));
    let child = root.grant(&worker_policy()).unwrap();
    let by_root = root.wrap(waiting_worker(&door)).unwrap();
    let busy = start(move || by_root.run());
    door.await_arrivals(1);
    let (tell, told) = channel();
    let waits = Scripted::new(move |_| {
        tell.send(root.revoke_and_wait("inside", Duration::MAX))
            .unwrap();
        Ok(3)
    });
    let by_child = child.wrap(waits.share()).unwrap();
    let inside = start(move || by_child.run());
    // What the busy call waits for may well be this answer.
    let answer = told.recv_timeout(SOON);
    door.open();
    assert_revoked(inside.finish(), "inside");
    assert_revoked(busy.finish(), "inside");
    assert_eq!(answer, Ok(Err(WaitError::Inside)));
}

#[test]
fn wait_in_a_targets_drop_is_inside() {
    // Idle, so that the revoker drops it; and busy, so that the last caller does.
    for busy in [false, true] {
        let (door, membrane) = (Door::shut(), Membrane::new(worker_policy()));
        let (tell, told) = channel();
        let worker = Scripted::new({
            let door = door.clone();
            move |_| {
                door.pass();
                Ok(0)
            }
        });
        let waits = membrane.clone();
        let worker = worker.on_drop(move || {
            tell.send(waits.revoke_and_wait("in Drop", Duration::MAX))
                .unwrap();
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        let caller = busy.then(|| {
            let lent = lent.clone();
            let caller = start(move || lent.run());
            door.await_arrivals(1);
            caller
        });
        soon({
            let membrane = membrane.clone();
            move || membrane.revoke("dropping")
        });
        door.open();
        if let Some(caller) = caller {
            assert_revoked(caller.finish(), "dropping");
        }
        assert_eq!(
            told.recv_timeout(SOON),
            Ok(Err(WaitError::Inside)),
            "busy: {busy}"
        );
        assert_eq!(membrane.revoke_and_wait("again", SOON), Ok(()));
    }
}

#[test]
fn wait_in_a_drop_that_no_revocation_caused_returns() {
    let membrane = Membrane::new(worker_policy());
    let (tell, told) = channel();
    let waits = membrane.clone();
    let lent = membrane.wrap(plain_worker_that_drops(move || {
        tell.send(waits.revoke_and_wait("in Drop", Duration::MAX))
            .unwrap();
    }));
    soon(move || drop(lent));
    assert_eq!(told.try_recv(), Ok(Ok(())));
}

#[test]
fn many_wait_at_once() {
    let (census, door, membrane) = (
        Census::default(),
        Door::shut(),
        Membrane::new(worker_policy()),
    );
    let lent = membrane.wrap(waiting_worker(&door)).unwrap();
    let idle = lend(&membrane, Direction::Outbound, &census);
    let caller = start(move || lent.run());
    door.await_arrivals(1);
    let waiting: Vec<_> = (0..4)
        .map(|index| {
            let membrane = membrane.clone();
            let timeout = if index % 2 == 0 { Duration::MAX } else { SOON };
            start(move || membrane.revoke_and_wait("all of us", timeout))
        })
        .collect();
    door.open();
    for waiting in waiting {
        assert_eq!(waiting.finish(), Ok(()));
    }
    assert_revoked(idle.run(), "all of us");
    // The call may have been over before the first cut.
    let _ = caller.finish();
    assert_eq!(census.alive(), 0);
}

#[test]
fn wait_error_says_that_access_has_ended() {
    assert_eq!(
        WaitError::Inside.to_string(),
        "revoked, but this thread is inside a call that it would wait for"
    );
    let debug = |call: &RunningCall| format!("{call:?} {call}");
    let (door, membrane) = (Door::shut(), Membrane::new(worker_policy()));
    let lent = membrane.wrap(waiting_worker(&door)).unwrap();
    let caller = start(move || lent.run());
    door.await_arrivals(1);
    let result = membrane.revoke_and_wait("stop", Duration::ZERO);
    door.open();
    let Err(WaitError::TimedOut(calls)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        debug(&calls[0]),
        "RunningCall { interface: \"Worker\", method: Some(\"run\"), running_for: None } Worker::run"
    );
    assert_revoked(caller.finish(), "stop");
}
