//! Who asked to know is told, once.

use super::lend;
use membrane::{Direction, ErrorKind, Membrane, WaitError};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::current;
use std::time::Duration;
use tests::{
    Census, Door, SOON, assert_kind, assert_revoked, plain_worker, soon, start, worker_policy,
};

// Who is told.

#[test]
fn observers_are_told_once_before_targets_are_freed() {
    for by_parent in [false, true] {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let child = root.grant(&worker_policy()).unwrap();
        let _lent = lend(&child, Direction::Outbound, &census);
        let told = Arc::new(Mutex::new(vec![]));
        for index in 0..3 {
            let (told, census, child) = (told.clone(), census.clone(), child.clone());
            let here = current().id();
            let observed = if index == 2 {
                root.clone()
            } else {
                child.clone()
            };
            observed.on_revoke(move |reason| {
                assert_eq!(current().id(), here);
                // That of the child is freed only afterwards; that of the root may be told after the child's.
                assert_eq!(census.alive(), usize::from(reason.as_str() == "told"));
                assert!(child.is_revoked());
                told.lock().unwrap().push((index, reason.as_str()));
            });
        }
        let first = if by_parent { &root } else { &child };
        first.revoke("told");
        child.revoke("not told");
        root.revoke("told the root");
        let mut told = told.lock().unwrap().clone();
        told.sort_unstable();
        let of_root = if by_parent { "told" } else { "told the root" };
        assert_eq!(told, [(0, "told"), (1, "told"), (2, of_root)]);
    }
}

#[test]
fn late_observer_is_told_at_once() {
    let membrane = Membrane::new(worker_policy());
    membrane.revoke("long ago");
    let (tell, told) = channel();
    membrane.on_revoke(move |reason| tell.send((reason.as_str(), current().id())).unwrap());
    assert_eq!(told.try_recv(), Ok(("long ago", current().id())));
    assert!(told.try_recv().is_err());
    // A panic in it is caught, too.
    membrane.on_revoke(|_| panic!("late and angry"));
    membrane.revoke("again");
}

#[test]
fn panicking_observer_stops_nothing() {
    struct Angry;
    impl Drop for Angry {
        fn drop(&mut self) {
            // Of no size, so that nothing leaks where it is forgotten.
            std::panic::panic_any(());
        }
    }
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let child = root.grant(&worker_policy()).unwrap();
    let lent = lend(&child, Direction::Outbound, &census);
    let told = Arc::new(AtomicUsize::new(0));
    for membrane in [&root, &child] {
        for angry in [true, false] {
            let told = told.clone();
            membrane.on_revoke(move |_| {
                told.fetch_add(1, SeqCst);
                assert!(!angry, "angry");
                std::panic::panic_any(Angry);
            });
        }
    }
    root.revoke("calm");
    assert_revoked(lent.run(), "calm");
    assert_eq!((told.load(SeqCst), census.alive()), (4, 0));
}

#[test]
fn observer_may_use_the_membrane() {
    let membrane = Membrane::new(worker_policy());
    let told = Arc::new(Mutex::new(vec![]));
    membrane.on_revoke({
        let (membrane, told) = (membrane.clone(), told.clone());
        move |reason| {
            told.lock().unwrap().push(("outer", reason.as_str()));
            let again = told.clone();
            membrane
                .on_revoke(move |reason| again.lock().unwrap().push(("inner", reason.as_str())));
            membrane.revoke("from the observer");
            assert!(membrane.grant(&worker_policy()).is_err());
            assert_kind(membrane.wrap(plain_worker()).map(drop), ErrorKind::Revoked);
            assert!(format!("{membrane:?}").contains("revoked: Some"));
        }
    });
    soon({
        let membrane = membrane.clone();
        move || membrane.revoke("once")
    });
    assert_eq!(
        *told.lock().unwrap(),
        [("outer", "once"), ("inner", "once")]
    );
}

#[test]
fn blocking_observer_delays_freeing_not_the_cut() {
    let (census, door, membrane) = (
        Census::default(),
        Door::shut(),
        Membrane::new(worker_policy()),
    );
    let lent = lend(&membrane, Direction::Outbound, &census);
    membrane.on_revoke({
        let door = door.clone();
        move |_| door.pass()
    });
    let revoking = start({
        let membrane = membrane.clone();
        move || membrane.revoke("cut")
    });
    door.await_arrivals(1);
    assert_revoked(lent.run(), "cut");
    let second = soon({
        let membrane = membrane.clone();
        move || {
            (
                membrane.revoke("twice"),
                membrane.revoke_and_wait("thrice", Duration::ZERO),
            )
                .1
        }
    });
    match second {
        // Either the second revoker frees what it waits for, or it says that this is not done.
        Ok(()) => assert_eq!(census.alive(), 0),
        Err(error) => assert_eq!(error, WaitError::TimedOut(vec![])),
    }
    door.open();
    revoking.finish();
    assert_eq!(
        (census.alive(), membrane.revoke_and_wait("again", SOON)),
        (0, Ok(()))
    );
}

/// M14: an observer runs on the thread that frees after it has returned, so a wait in it must not wait for that.
#[test]
fn wait_in_an_observer_does_not_wait_for_itself() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let _lent = lend(&membrane, Direction::Outbound, &census);
    let (tell, told) = channel();
    membrane.on_revoke({
        let (census, membrane) = (census.clone(), membrane.clone());
        move |_| {
            let answer = membrane.revoke_and_wait("again", Duration::MAX);
            tell.send((answer, census.alive())).unwrap();
        }
    });
    let revoking = start(move || membrane.revoke("once"));
    let told = told.recv_timeout(SOON).expect("no deadlock");
    assert!(
        told == (Err(WaitError::Inside), 1) || told == (Ok(()), 0),
        "{told:?}"
    );
    revoking.finish();
    assert_eq!(census.alive(), 0);
}
