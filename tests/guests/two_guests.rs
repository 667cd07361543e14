//! Two guests of one host: what the one can do to the other, and in which order they may call.

use super::{Server, assert_works, brief, knowing, listed, policy, start_in};
use membrane::{ErrorKind, Policy, allow};
use probe::{Probe, Service, Visitor};
use runtime::{Limits, Runtime, wasm};
use std::sync::Arc;
use tests::{Door, assert_kind, assert_revoked, soon, start};

struct Pair {
    runtime: Runtime,
    one: wasm::Guest,
    other: wasm::Guest,
    first: Arc<dyn Probe>,
    second: Arc<dyn Probe>,
}

/// Lets a guest use another guest's probe.
fn meeting() -> Policy {
    listed()
        .inbound(allow!(dyn Probe: call_back, lengths, keep, use_kept, meet, wait))
        .inbound(allow!(dyn Visitor: visited))
        .outbound(allow!(dyn Service: visit, next, wait))
        .depth_limit(24)
        .build()
        .expect("one list for each")
}

fn pair(policy: impl Fn() -> Policy, limits: Limits) -> Pair {
    let runtime = knowing();
    let (one, first) = start_in(&runtime, "one", policy(), limits);
    let (other, second) = start_in(&runtime, "other", policy(), limits);
    Pair {
        runtime,
        one,
        other,
        first,
        second,
    }
}

#[test]
fn guests_have_no_way_to_each_other_but_through_the_host() {
    let pair = pair(meeting, Limits::default());
    let (one, other) = (pair.one.domain(), pair.other.domain());
    assert!(one.membrane(other).is_none());
    assert_kind(one.send(pair.one.root_object(), other), ErrorKind::Rejected);
    let method = pair.one.root_object().method("spin").expect("it has it");
    let stolen = other.call(pair.one.root_object(), method, &[]);
    assert_eq!(
        stolen,
        Err(runtime::CallError::Membrane(ErrorKind::Rejected.into()))
    );
    assert!(
        one.send(pair.one.root_object(), pair.runtime.host())
            .is_ok(),
        "the host has"
    );
}

#[test]
fn object_of_one_guest_reaches_another_by_the_host() {
    let pair = pair(meeting, Limits::default());
    let server = Server::new();
    assert_eq!(
        pair.first.meet(pair.second.clone(), server.clone()),
        Ok("done".into())
    );
    assert_eq!(
        server.calls(),
        2,
        "the other guest came to the host's service, and was called back"
    );
    assert_eq!(
        (pair.one.report().handles, pair.other.report().handles),
        (0, 0)
    );
}

#[test]
fn policy_of_either_membrane_refuses() {
    // To the first guest, no method of a probe is listed inbound; so the second is never reached.
    let pair = pair(policy, Limits::default());
    let server = Server::new();
    assert_eq!(
        pair.second.call_back(server.clone(), 0),
        Ok(0),
        "the way itself works"
    );
    let said = pair
        .first
        .meet(pair.second.clone(), server.clone())
        .expect("it tells");
    assert!(said.starts_with("refused"), "{said}");
    assert_eq!(server.calls(), 1);
    // The first may, the second's membrane says no.
    let runtime = knowing();
    let (_one, first) = start_in(&runtime, "one", meeting(), Limits::default());
    let deaf = Policy::builder()
        .outbound(allow!(dyn Probe: lengths))
        .build()
        .expect("one list");
    let (_other, second) = start_in(&runtime, "deaf", deaf, Limits::default());
    let said = first.meet(second, server.clone()).expect("it tells");
    assert!(said.starts_with("refused"), "{said}");
    assert_eq!(server.calls(), 1);
}

#[test]
fn revoking_either_membrane_cuts_the_way() {
    let pair = pair(meeting, Limits::default());
    let server = Server::new();
    assert_eq!(
        pair.first.meet(pair.second.clone(), server.clone()),
        Ok("done".into())
    );
    pair.other.membrane().revoke("no more");
    let said = pair
        .first
        .meet(pair.second.clone(), server.clone())
        .expect("it tells");
    // The reason is that of another membrane: the first guest learns the kind.
    assert_eq!(said, "revoked");
    pair.one.membrane().revoke("nor here");
    assert_revoked(
        pair.first.meet(pair.second.clone(), server.clone()),
        "nor here",
    );
    assert_eq!(server.calls(), 2, "those of the first time");
}

#[test]
fn end_of_one_guest_is_told_to_the_other_and_leaves_it_be() {
    let pair = pair(meeting, Limits::default());
    assert_kind(pair.second.panic(), ErrorKind::Revoked);
    let said = pair
        .first
        .meet(pair.second.clone(), Server::new())
        .expect("it tells");
    assert_eq!(said, "revoked", "how the other ended is not for it to know");
    assert_works(&pair.first);
}

#[test]
fn guest_that_is_called_back_through_another_answers() {
    // One thread: the host is in the first, that is in the second, that calls the first.
    let (result, calls) = soon(|| {
        let pair = pair(meeting, Limits::default());
        let server = Server::new();
        let first = pair.first.clone();
        let waiting = Server::doing(move || assert_eq!(first.lengths("abc", b"", &[]), Ok(3)));
        let said = pair.second.wait(waiting.clone());
        assert_eq!(said, Ok("done".into()));
        let inner = pair.second.clone();
        let first = pair.first.clone();
        let target = server.clone();
        let back = Server::doing(move || {
            let said = inner.meet(first.clone(), target.clone());
            assert!(said.is_ok(), "{said:?}");
        });
        (pair.first.wait(back), server.calls())
    });
    assert_eq!(result, Ok("done".into()));
    assert!(calls > 0, "the innermost call arrived");
}

#[test]
fn guests_that_call_each_other_on_two_threads_are_told_busy() {
    // Each thread is inside of one guest when it calls the other: whoever waited would wait for ever.
    let pair = pair(meeting, Limits::default());
    let (first, second) = (pair.first.clone(), pair.second.clone());
    let door = Door::shut();
    let crossing = |into: Arc<dyn Probe>, other: Arc<dyn Probe>, door: Arc<Door>| {
        start(move || {
            let (said, told) = std::sync::mpsc::channel();
            let said = std::sync::Mutex::new(said);
            let server = Server::doing(move || {
                door.pass();
                let told = other.lengths("abc", b"", &[]);
                said.lock()
                    .expect("one user")
                    .send(told)
                    .expect("the test listens");
            });
            let waited = into.wait(server);
            (waited, told.recv().expect("it was reached"))
        })
    };
    let one = crossing(first.clone(), second.clone(), door.clone());
    let other = crossing(second, first, door.clone());
    door.await_arrivals(2);
    door.open();
    let results = [one.finish(), other.finish()];
    // Fails (deadlock until the deadline) if `Instance::take` always waits.
    assert!(
        results
            .iter()
            .all(|(waited, _)| *waited == Ok("done".into())),
        "{results:?}"
    );
    let busy = results.iter().filter(|(_, told)| {
        told.as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Failed)
    });
    assert!(
        busy.count() >= 1,
        "the first to ask finds the other in use: {results:?}"
    );
    assert_works(&pair.first);
    assert_works(&pair.second);
}

#[test]
fn threads_that_call_one_guest_wait_for_each_other() {
    let runtime = knowing();
    let (guest, probe) = start_in(&runtime, "shared", policy(), Limits::default());
    let door = Door::shut();
    let inside = {
        let (probe, server) = (probe.clone(), Server::behind(&door));
        start(move || probe.wait(server))
    };
    door.await_arrivals(1);
    let waiting: Vec<_> = (0..8)
        .map(|number| {
            let probe = probe.clone();
            start(move || probe.work(Server::new(), number))
        })
        .collect();
    door.open();
    assert_eq!(inside.finish(), Ok("done".into()));
    for (number, thread) in (0..).zip(waiting) {
        assert_eq!(thread.finish(), Ok((0..=number).sum()));
    }
    assert_eq!(guest.report().ended, None);
}

#[test]
fn thread_that_waits_for_a_guest_too_long_is_told_busy() {
    let runtime = knowing();
    let (guest, probe) = start_in(&runtime, "shared", policy(), brief());
    let door = Door::shut();
    let inside = {
        let (probe, server) = (probe.clone(), Server::behind(&door));
        start(move || probe.wait(server))
    };
    door.await_arrivals(1);
    let waiting = probe.clone();
    assert_kind(
        soon(move || waiting.lengths("abc", b"", &[])),
        ErrorKind::Failed,
    );
    door.open();
    assert_revoked(inside.finish(), "the guest ran out of time");
    assert_eq!(guest.report().ended, Some(wasm::End::OutOfTime));
}
