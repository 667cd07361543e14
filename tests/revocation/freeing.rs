//! When targets are dropped, and that nothing else is left.

use super::{DIRECTIONS, KINDS, descents, lend, plain_worker_that_drops};
use membrane::{Direction, ErrorKind, Membrane, WaitError};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::current;
use std::time::Duration;
use tests::{
    Census, Door, SOON, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, soon,
    start, worker_policy,
};

// When targets are dropped.

/// M6. Fails if `sever` does not reap.
#[test]
fn idle_target_is_dropped_before_revoke_returns() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            let root = Membrane::new(worker_policy());
            let (_, membrane) = descents(&root)[kind].clone();
            let (tell, dropped_on) = channel();
            let worker = plain_worker_that_drops(move || tell.send(current().id()).unwrap());
            let lent = membrane.pass(worker, direction).unwrap();
            assert_eq!(lent.run(), Ok(7));
            root.revoke("done");
            assert_eq!(dropped_on.try_recv(), Ok(current().id()));
            assert!(dropped_on.try_recv().is_err(), "once");
            assert_revoked(lent.run(), "done");
        }
    }
}

/// M6, I4.
#[test]
fn busy_target_is_dropped_by_the_last_caller() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(worker_policy());
        let (first, second) = (Door::shut(), Door::shut());
        let (tell, dropped_on) = channel();
        let worker = Scripted::new({
            let doors = [first.clone(), second.clone()];
            move |other| {
                doors[usize::from(other.is_some())].pass();
                Ok(0)
            }
        });
        let worker = worker
            .on_drop(move || tell.send(current().id()).unwrap())
            .share();
        let lent = membrane.pass(worker, direction).unwrap();
        let leaves_first = start({
            let lent = lent.clone();
            move || lent.run()
        });
        let leaves_last = start({
            let lent = lent.clone();
            move || lent.run_with(plain_worker())
        });
        first.await_arrivals(1);
        second.await_arrivals(1);
        membrane.revoke("busy");
        assert!(dropped_on.try_recv().is_err(), "in use by two");
        first.open();
        assert_revoked(leaves_first.finish(), "busy");
        assert!(dropped_on.try_recv().is_err(), "in use by one");
        let last = leaves_last.id();
        second.open();
        assert_revoked(leaves_last.finish(), "busy");
        assert_eq!(dropped_on.try_recv(), Ok(last));
        assert!(dropped_on.try_recv().is_err(), "once");
    }
}

#[test]
fn target_that_its_owner_keeps_lives_on() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let kept = Scripted::counted(&census).share();
    let lent = membrane.wrap(kept.clone()).unwrap();
    assert_eq!(Arc::strong_count(&kept), 2);
    membrane.revoke("lent no more");
    assert_kind(lent.run(), ErrorKind::Revoked);
    assert_eq!((kept.run(), Arc::strong_count(&kept)), (Ok(7), 1));
}

/// E6. Fails if `Cell::release` drops the target outside a catch, or drops the payload outside the second.
#[test]
fn panicking_drop_among_many_frees_the_rest() {
    struct Angry;
    impl Drop for Angry {
        fn drop(&mut self) {
            // Of no size, so that nothing leaks where it is forgotten.
            std::panic::panic_any(());
        }
    }
    for direction in DIRECTIONS {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let lent: Vec<_> = (0..20)
            .map(|index| {
                let worker = Scripted::counted(&census).on_drop(move || match index % 3 {
                    0 => panic!("in Drop"),
                    1 => std::panic::panic_any(Angry),
                    _ => {}
                });
                membrane.pass(worker.share(), direction).unwrap()
            })
            .collect();
        membrane.revoke("angry");
        assert_eq!((census.dropped(), membrane.live_proxies()), (20, 0));
        for worker in lent {
            assert_revoked(worker.run(), "angry");
        }
        assert_eq!(membrane.revoke_and_wait("again", Duration::ZERO), Ok(()));
    }
}

/// M6. Fails if targets are freed scope by scope instead of after the last cut, or under a lock.
#[test]
fn blocking_drop_delays_freeing_not_the_cut() {
    let (census, door, root) = (
        Census::default(),
        Door::shut(),
        Membrane::new(worker_policy()),
    );
    let child = root.attenuate(&worker_policy()).unwrap();
    let others = [&root, &child].map(|membrane| lend(membrane, Direction::Inbound, &census));
    let blocking = root.wrap(plain_worker_that_drops({
        let door = door.clone();
        move || door.pass()
    }));
    let revoking = start({
        let root = root.clone();
        move || root.revoke("cut")
    });
    door.await_arrivals(1);
    for worker in others.iter().chain([blocking.as_ref().unwrap()]) {
        assert_revoked(worker.run(), "cut");
    }
    assert_revoked(root.wrap(plain_worker()).map(drop), "cut");
    assert!(child.is_revoked() && child.grant(&worker_policy()).is_err());
    // Nobody else waits for the slow one, unless asked to.
    let twice = soon({
        let root = root.clone();
        move || {
            (
                root.revoke("twice"),
                root.revoke_and_wait("thrice", Duration::ZERO),
            )
                .1
        }
    });
    assert_eq!(twice, Err(WaitError::TimedOut(vec![])));
    assert_eq!(
        twice.unwrap_err().to_string(),
        "revoked, but targets are still being dropped"
    );
    assert!(revoking.is_running());
    door.open();
    revoking.finish();
    assert_eq!(
        (census.alive(), root.revoke_and_wait("again", SOON)),
        (0, Ok(()))
    );
}

// What is left behind.

/// E9.
#[test]
fn nothing_is_left_of_what_was_lent() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let count = sized(1000, 50);
    for direction in DIRECTIONS {
        let lent: Vec<_> = (0..count)
            .map(|_| lend(&membrane, direction, &census))
            .collect();
        assert_eq!((census.alive(), membrane.live_proxies()), (count, count));
        drop(lent);
        assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
    }
    // Holders that keep their dead proxies keep nothing else.
    let lent: Vec<_> = (0..count)
        .map(|_| lend(&membrane, Direction::Outbound, &census))
        .collect();
    membrane.revoke("all of it");
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
    drop((membrane, lent));
    assert_eq!(census.dropped(), 3 * count, "once each");
}

/// E10.
#[test]
fn membrane_is_freed_with_its_last_handle_or_proxy() {
    for kind in 0..KINDS {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let (_, membrane) = descents(&root)[kind].clone();
        let token = census.token();
        membrane.on_revoke(move |_| {
            let _kept = &token;
            panic!("it is never revoked");
        });
        let lent = lend(&membrane, Direction::Outbound, &census);
        let revoker = membrane.revoker();
        drop((root, membrane));
        assert_eq!(
            (lent.run(), census.alive()),
            (Ok(7), 2),
            "dropping a handle revokes nothing"
        );
        drop(revoker);
        assert_eq!(
            (lent.run(), census.alive()),
            (Ok(7), 2),
            "nor does dropping a revoker"
        );
        drop(lent);
        assert_eq!(census.alive(), 0);
    }
}

/// E10, B17.
#[test]
fn target_that_holds_its_membrane_is_freed_with_its_proxy() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let (handle, revoker) = (membrane.clone(), membrane.revoker());
    let worker = Scripted::new(move |_| Ok(u64::from(handle.is_revoked() || revoker.is_revoked())));
    let lent = membrane
        .wrap(worker.with_token(census.token()).share())
        .unwrap();
    drop(membrane);
    assert_eq!((lent.run(), census.alive()), (Ok(0), 1));
    drop(lent);
    assert_eq!(census.alive(), 0);
}

/// B17.
#[test]
fn revocation_breaks_cycles() {
    type Slot = Mutex<Option<Arc<dyn Worker>>>;
    // A target that holds its own proxy; two of two membranes that hold each other's; an observer that holds a proxy.
    let (census, one, two) = (
        Census::default(),
        Membrane::new(worker_policy()),
        Membrane::new(worker_policy()),
    );
    let holding = |slot: Arc<Slot>| {
        let worker = Scripted::new(move |_| Ok(u64::from(slot.lock().unwrap().is_some())));
        worker.with_token(census.token()).share()
    };
    let slots: [Arc<Slot>; 3] = Default::default();
    *slots[0].lock().unwrap() = Some(one.wrap(holding(slots[0].clone())).unwrap());
    *slots[1].lock().unwrap() = Some(one.wrap(holding(slots[2].clone())).unwrap());
    *slots[2].lock().unwrap() = Some(two.wrap(holding(slots[1].clone())).unwrap());
    let observing = lend(&one, Direction::Outbound, &census);
    one.on_revoke(move |_| assert_kind(observing.run(), ErrorKind::Revoked));
    drop(slots);
    assert_eq!(census.alive(), 4, "cycles");
    one.revoke("break");
    assert_eq!(
        (census.alive(), one.live_proxies(), two.live_proxies()),
        (0, 0, 0)
    );
    assert!(!two.is_revoked());
}
