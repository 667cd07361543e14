//! Threads that end.

use super::*;
use membrane::WaitError;
use std::cell::RefCell;
use tests::{SOON, start};

/// Calls in the destructor of a thread-local.
struct AtTheEnd(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

thread_local! {
    static EARLY: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
    static LATE: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

/// Runs `f` twice in destructors of an ending thread: in one that was registered before the thread's first call, and in
/// one that was registered after it. Whatever the order of destructors, one of the two is run after the library's own.
fn at_the_end_of_a_thread(f: impl Fn() + Clone + Send + 'static) {
    let thread = start(move || {
        let put = |f: Box<dyn FnOnce()>| move |end: &AtTheEnd| drop(end.0.replace(Some(f)));
        EARLY.with(put(Box::new(f.clone())));
        let lent = Membrane::new(worker_policy()).wrap(plain_worker()).unwrap();
        assert_eq!(lent.run(), Ok(7), "the thread's first call");
        LATE.with(put(Box::new(f)));
    });
    // `finish` joins: the destructors have run.
    thread.finish();
}

/// K13. Fails with a stack overflow if the list of what `drop_flat` puts off has a destructor, and with proxies left over if
/// the outermost drop does not empty it.
#[test]
fn long_line_is_dropped_while_a_thread_ends() {
    let census = Census::default();
    let line = {
        let census = census.clone();
        move |long| {
            let membranes = [(); 2].map(|()| Membrane::new(worker_policy()));
            let mut last = Scripted::counted(&census).share();
            for index in 0..long {
                last = membranes[index % 2].wrap(last).unwrap();
            }
            last
        }
    };
    at_the_end_of_a_thread(move || {
        // So that the list has been used before the destructor that is run last.
        drop(line(200));
        drop(line(sized(50_000, 200)));
    });
    assert_eq!((census.made(), census.alive()), (4, 0));
}

#[test]
fn calls_work_while_a_thread_ends() {
    for direction in DIRECTIONS {
        for kind in 0..sized(20, 2) {
            let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
            let nested = Scripted::new(|other| other.map_or(Ok(1), |other| other.run()))
                .with_token(census.token());
            let lent = membrane.pass(nested.share(), direction).unwrap();
            let (tell, told) = channel();
            at_the_end_of_a_thread({
                let (membrane, lent) = (membrane.clone(), lent.clone());
                move || {
                    let callback = Scripted::new(|_| Ok(3)).share();
                    let own = membrane.wrap(plain_worker()).unwrap();
                    let panicking = membrane
                        .wrap(Scripted::new(|_| panic!("at the end")).share())
                        .unwrap();
                    tell.send((
                        lent.run(),
                        lent.run_with(callback),
                        own.run(),
                        panicking.run(),
                    ))
                    .unwrap();
                }
            });
            let panicked = Err(ErrorKind::Panicked.into());
            assert_eq!(
                told.iter().collect::<Vec<_>>(),
                [(Ok(1), Ok(3), Ok(7), panicked); 2],
                "{kind}"
            );
            assert_eq!(
                membrane.revoke_and_wait("no frame is left", std::time::Duration::ZERO),
                Ok(())
            );
            assert_eq!(census.alive(), 0);
        }
    }
}

#[test]
fn revocation_withholds_calls_of_ending_threads() {
    let (tell, told) = channel();
    at_the_end_of_a_thread(move || {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let worker = Scripted::new({
            let (census, membrane) = (census.clone(), membrane.clone());
            move |_| {
                membrane.revoke("at the end");
                assert_eq!(census.alive(), 1, "dropped while in use");
                Ok(1)
            }
        });
        let lent = membrane
            .wrap(worker.with_token(census.token()).share())
            .unwrap();
        tell.send((lent.run().unwrap_err().to_string(), census.alive()))
            .unwrap();
    });
    let expected = ("revoked: at the end".to_owned(), 0);
    assert_eq!(
        told.iter().collect::<Vec<_>>(),
        [expected.clone(), expected]
    );
}

/// M6: never a deadlock. Fails if the frames that ending threads share are not asked whether they are this thread's.
#[test]
fn wait_in_a_call_of_an_ending_thread_is_inside() {
    let (tell, told) = channel();
    at_the_end_of_a_thread(move || {
        let membrane = Membrane::new(worker_policy());
        let worker = Scripted::new({
            let (membrane, tell) = (membrane.clone(), tell.clone());
            move |_| {
                tell.send(membrane.revoke_and_wait("inside", SOON / 5))
                    .unwrap();
                Ok(1)
            }
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        assert_kind(lent.run(), ErrorKind::Revoked);
    });
    let told: Vec<_> = told.iter().collect();
    assert_eq!(told, vec![Err(WaitError::Inside); 2]);
}

/// M14: depth is bounded on every thread. Fails if the frames that ending threads share are not counted.
#[test]
fn depth_is_bounded_while_a_thread_ends() {
    for limit in [1, 5] {
        let (tell, told) = channel();
        at_the_end_of_a_thread(move || {
            let membrane = Membrane::new(deep_policy(limit));
            let (_, lent) = well(&membrane, Direction::Outbound);
            let limit = u64::from(limit);
            tell.send((lent.deeper(limit - 1), lent.deeper(limit)))
                .unwrap();
        });
        let limit = u64::from(limit);
        let expected = (Ok(limit - 1), Err(ErrorKind::TooDeep.into()));
        assert_eq!(told.iter().collect::<Vec<_>>(), [expected; 2]);
    }
}

/// However deep, it is an error and the frames are free again.
#[test]
fn endless_recursion_while_a_thread_ends_is_too_deep() {
    let (tell, told) = channel();
    for _ in 0..3 {
        let tell = tell.clone();
        at_the_end_of_a_thread(move || {
            let membrane = Membrane::new(deep_policy(128));
            let (_, lent) = well(&membrane, Direction::Outbound);
            tell.send((lent.deeper(u64::MAX), lent.deeper(3))).unwrap();
        });
    }
    drop(tell);
    assert_eq!(
        told.iter().collect::<Vec<_>>(),
        [(Err(ErrorKind::TooDeep.into()), Ok(3)); 6]
    );
}
