//! Ends in the middle of things, and what is freed when.

use super::forger::Forged;
use super::{Server, Started, assert_engine_works, assert_works};
use membrane::{Error, ErrorKind, Reason};
use probe::Service;
use runtime::Limits;
use runtime::wasm::End;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{Census, Door, assert_kind, assert_revoked, soon, start};

/// A deadline that no test reaches.
fn unhurried() -> Limits {
    Limits {
        deadline: Some(Duration::from_mins(1)),
        ..Limits::default()
    }
}

#[test]
fn trap_inside_a_call_to_the_host_is_an_error_to_the_host() {
    let started = Started::new(Limits::default());
    let server = Server::new();
    // The host is in `visit`, in which the guest panics.
    let error = started
        .probe
        .panic_inside(server.clone())
        .expect_err("it panicked");
    assert_eq!(server.calls(), 1, "reached");
    assert_eq!(error.kind(), ErrorKind::Revoked);
    assert_eq!(
        error.reason().map(Reason::as_str),
        Some("the guest gave up")
    );
    assert_eq!(started.guest.report().ended, Some(End::Unreachable));
    assert_eq!(Arc::strong_count(&server), 1);
    assert_engine_works();
}

struct Careful(Arc<Mutex<Option<Error>>>);
impl Service for Careful {
    fn visit(&self, visitor: Arc<dyn probe::Visitor>, times: u64) -> Result<u64, Error> {
        let result = visitor.visited(times);
        *self.0.lock().expect("no panic here") = result.err();
        Ok(1)
    }
    fn next(&self, _: u64) -> Result<u64, Error> {
        unreachable!()
    }
    fn fail(&self, _: u64) -> Result<(), probe::Fault> {
        unreachable!()
    }
    fn secret(&self) -> Result<String, Error> {
        unreachable!()
    }
    fn child(&self) -> Result<Arc<dyn Service>, Error> {
        unreachable!()
    }
    fn echo(&self, _: Arc<dyn probe::Visitor>) -> Result<Arc<dyn probe::Visitor>, Error> {
        unreachable!()
    }
    fn keep(&self, _: Arc<dyn probe::Visitor>) -> Result<(), Error> {
        unreachable!()
    }
    fn wait(&self) -> Result<(), Error> {
        unreachable!()
    }
    fn bytes(&self, _: u64) -> Result<Vec<u8>, Error> {
        unreachable!()
    }
    fn items(&self, _: u64) -> Result<probe::Items, Error> {
        unreachable!()
    }
}

#[test]
fn host_goes_on_after_a_trap_inside_its_call() {
    let said: Arc<Mutex<Option<Error>>> = Arc::default();
    let started = Started::new(Limits::default());
    assert_revoked(
        started.probe.panic_inside(Arc::new(Careful(said.clone()))),
        "the guest gave up",
    );
    let told = said
        .lock()
        .expect("no panic here")
        .expect("the service was told");
    assert_eq!(told.kind(), ErrorKind::Revoked);
    assert_eq!(told.reason().map(Reason::as_str), Some("the guest gave up"));
}

#[test]
fn object_that_a_guest_keeps_works_later_until_it_is_revoked() {
    let started = Started::new(Limits::default());
    let census = Census::default();
    started
        .probe
        .keep(Arc::new(Server::counted(&census)))
        .expect("it keeps it");
    assert_eq!(started.probe.use_kept(), Ok("done".into()));
    assert_eq!((census.alive(), started.guest.report().handles), (1, 1));
    let root = started.guest.root_object().clone();
    let method = root.method("use_kept").expect("it has it");
    started.guest.membrane().revoke("enough");
    assert_revoked(started.probe.use_kept(), "enough");
    // On the guest's side of the membrane the guest lives, and is told the same.
    let told = started
        .guest
        .domain()
        .call(&root, method, &[])
        .expect("it lives");
    assert_eq!(told.to_string(), r#""revoked: enough""#);
    assert_eq!(started.guest.report().ended, None);
}

#[test]
fn hosts_object_is_freed_when_the_guest_drops_its_handle() {
    let started = Started::new(Limits::default());
    let census = Census::default();
    for _ in 0..3 {
        started
            .probe
            .keep(Arc::new(Server::counted(&census)))
            .expect("it keeps it");
    }
    assert_eq!((census.alive(), started.guest.report().handles), (3, 3));
    started.probe.forget().expect("it forgets them");
    assert_eq!((census.alive(), started.guest.report().handles), (0, 0));
}

#[test]
fn hosts_object_is_freed_when_the_guest_ends() {
    for end in [End::Stopped, End::Unreachable] {
        let started = Started::new(Limits::default());
        let census = Census::default();
        started
            .probe
            .keep(Arc::new(Server::counted(&census)))
            .expect("it keeps it");
        assert_eq!(census.alive(), 1);
        if end == End::Stopped {
            started.guest.stop("enough");
        } else {
            assert!(started.probe.panic().is_err());
        }
        assert_eq!(started.guest.report().ended, Some(end));
        assert_eq!(
            (census.alive(), started.guest.report().handles),
            (0, 0),
            "{end}"
        );
    }
}

#[test]
fn guests_object_is_released_when_the_host_drops_its_proxy() {
    let started = Started::new(Limits::default());
    let before = started.guest.report().exports;
    let counters: Vec<_> = (0..50)
        .map(|_| started.probe.counter().expect("a counter"))
        .collect();
    assert_eq!(started.guest.report().exports, before + 50);
    drop(counters);
    assert_eq!(started.guest.report().exports, before);
    // The guest is told with the next call. It has then the memory for as many again, and as many again.
    let memory = |started: &Started| started.guest.report().memory_bytes;
    for _ in 0..2 {
        let again: Vec<_> = (0..50)
            .map(|_| started.probe.counter().expect("a counter"))
            .collect();
        drop(again);
    }
    started.probe.lengths("", b"", &[]).expect("it works");
    let settled = memory(&started);
    for _ in 0..20 {
        let again: Vec<_> = (0..50)
            .map(|_| started.probe.counter().expect("a counter"))
            .collect();
        drop(again);
    }
    assert_eq!(memory(&started), settled, "its own table does not grow");
}

/// Fails if a message that is refused as a whole leaves its objects in the guest, which was told that they were passed.
#[test]
fn objects_in_a_message_that_is_refused_are_given_back_to_the_guest() {
    let mut limits = Limits::default();
    limits.message.nodes = 40;
    let started = Started::new(limits);
    let before = started.guest.report().exports;
    let refuse = |rounds: u32| {
        for _ in 0..rounds {
            let refused = started.probe.counters(100).map(|_| ());
            assert_eq!(refused.map_err(Error::kind), Err(ErrorKind::Exhausted));
        }
        started.probe.lengths("", b"", &[]).expect("it works");
        started.guest.report().memory_bytes
    };
    let settled = refuse(5);
    assert_eq!(refuse(200), settled, "its own table does not grow");
    assert_eq!(started.guest.report().exports, before);
    assert_eq!(started.probe.counters(30).map(|all| all.len()), Ok(30));
}

#[test]
fn object_of_a_guest_that_was_dropped_tells_why_it_is_gone() {
    let started = Started::new(Limits::default());
    let counter = started.probe.counter().expect("a counter");
    let adder = started.probe.adder(1).expect("a closure");
    assert_eq!(counter.visited(0), Ok(0));
    drop(started.guest);
    assert_revoked(counter.visited(0), "the guest was dropped");
    assert_revoked(adder(1), "the guest was dropped");
    assert_revoked(started.probe.lengths("", b"", &[]), "the guest was dropped");
    drop((counter, adder));
}

/// Fails if a guest's domain, when it is closed, does not end what is in it: the memory would stay until the guest is dropped.
#[test]
fn closing_its_domain_stops_an_idle_guest() {
    let started = Started::new(Limits::default());
    assert!(started.guest.report().memory_bytes > Some(0));
    started.guest.domain().close("moved out");
    assert_eq!(started.guest.report().ended, Some(End::Stopped));
    assert_eq!(started.guest.report().memory_bytes, None);
    let error = started.probe.same(Server::new(), Server::new()).map(|_| ());
    assert_eq!(
        error.expect_err("it is gone").reason().map(Reason::as_str),
        Some("moved out")
    );
    assert_engine_works();
}

#[test]
fn guest_that_waits_in_the_host_is_stopped_from_another_thread() {
    let started = Started::new(unhurried());
    let door = Door::shut();
    let server = Server::behind(&door);
    let waiting = {
        let (probe, server) = (started.probe.clone(), server.clone());
        start(move || probe.wait(server))
    };
    door.await_arrivals(1);
    started.guest.stop("enough");
    assert_revoked(started.probe.lengths("", b"", &[]), "enough");
    assert!(waiting.is_running(), "the host's function has not returned");
    door.open();
    assert_revoked(waiting.finish(), "enough");
    assert_eq!(started.guest.report().ended, Some(End::Stopped));
    assert_eq!(Arc::strong_count(&server), 1);
}

#[test]
fn guest_that_spins_is_stopped_from_another_thread() {
    let started = Started::new(unhurried());
    let spinning = {
        let probe = started.probe.clone();
        start(move || probe.spin())
    };
    // It runs: what the store knows cannot be seen.
    while started.guest.report().memory_bytes.is_some() {
        std::thread::yield_now();
    }
    started.guest.stop("enough");
    // Hangs if `State::check` does not look whether the domain is closed.
    assert_revoked(spinning.finish(), "enough");
    assert_eq!(started.guest.report().ended, Some(End::Stopped));
    assert_engine_works();
}

#[test]
fn guest_is_stopped_inside_its_own_call() {
    let (said, ended) = soon(|| {
        let started = Arc::new(Started::new(unhurried()));
        let stopping = Arc::downgrade(&started);
        let server = Server::doing(move || {
            let started = stopping.upgrade().expect("the test has it");
            started.guest.stop("from inside");
        });
        let said = started.probe.wait(server.clone());
        assert_eq!(server.calls(), 1, "reached");
        (said, started.guest.report().ended)
    });
    assert_revoked(said, "from inside");
    assert_eq!(ended, Some(End::Stopped));
}

#[test]
fn guest_is_dropped_inside_its_own_call() {
    let said = soon(|| {
        let Started {
            runtime,
            guest,
            probe,
        } = Started::new(unhurried());
        let guest = Mutex::new(Some(guest));
        let server = Server::doing(move || drop(guest.lock().expect("no panic here").take()));
        let said = probe.wait(server);
        drop(runtime);
        said
    });
    assert_revoked(said, "the guest was dropped");
}

#[test]
fn membrane_is_revoked_inside_a_call_of_the_guests() {
    let started = Arc::new(Started::new(unhurried()));
    let revoking = Arc::downgrade(&started);
    let server = Server::doing(move || {
        let started = revoking.upgrade().expect("the test has it");
        started.guest.membrane().revoke("from inside");
    });
    let running = started.clone();
    let said = soon(move || running.probe.wait(server));
    assert_revoked(said, "from inside");
    assert_eq!(
        started.guest.report().ended,
        None,
        "it is cut off, and lives"
    );
}

#[test]
fn panic_of_the_host_is_an_error_to_the_guest() {
    let started = Started::new(Limits::default());
    let server = Server::doing(|| panic!("as told"));
    assert_eq!(
        started.probe.wait(server.clone()),
        Ok(Error::from(ErrorKind::Panicked).to_string())
    );
    assert_eq!(server.calls(), 1);
    assert_works(&started.probe);
}

#[test]
fn guests_object_that_the_host_keeps_works_after_the_call() {
    let started = Started::new(Limits::default());
    let server = Server::new();
    let counter = started.probe.counter().expect("a counter");
    for _ in 0..3 {
        Service::keep(&*server, counter.clone()).expect("the host's own call");
    }
    assert_eq!(counter.count(), Ok(0));
    let kept = server.kept.lock().expect("no panic here").clone();
    assert!(kept.iter().all(|visitor| visitor.visited(2) == Ok(2)));
    assert_eq!(counter.count(), Ok(3));
    started.guest.stop("enough");
    assert_kind(kept[0].visited(0), ErrorKind::Revoked);
}

/// What a call puts back into the guest's table relies on it: until the call is over, the place is its own.
#[test]
fn handle_dropped_inside_its_own_call_ends_the_guest() {
    // As a visitor, it drops the handle that the call outside is made through.
    let attack = "(if (global.get $kept) (then (call $drop (global.get $kept)) (return (call $number (i32.const 1)))))
        (global.set $kept (local.get $h)) (call $mark (local.get $h))
        (i32.store8 (i32.const 7000) (i32.const 10)) (i64.store (i32.const 7008) (i64.const 2))
        (i64.store (i32.const 7016) (i64.const VISITOR))
        (i32.store8 (i32.const 7032) (i32.const 2)) (i64.store (i32.const 7040) (i64.const 1))
        (call $call (local.get $h) (i32.const VISIT) (i32.const 2) (i32.const 7000) (i32.const 2)
          (i32.const 0) (i32.const 0) (i32.const 2048))
        (call $told)";
    let visit = <dyn Service as runtime::DynamicInterface>::interface().number("visit");
    let attack = attack.replace("VISIT)", &format!("{})", visit.expect("it has it")));
    let forged = Forged::new(&attack);
    let server = Server::new();
    let result = forged.forger.strike(server.clone(), server.clone());
    assert_kind(result, ErrorKind::Revoked);
    assert_eq!(forged.guest.report().ended, Some(End::Broke));
    assert_eq!(server.calls(), 2, "marked, and visited");
    assert_eq!(Arc::strong_count(&server), 1, "given back");
    forged.assert_contained();
}
