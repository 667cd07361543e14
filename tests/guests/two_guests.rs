//! Two guests of one host: what the one can do to the other, and in which order they may call.

use super::{Server, assert_works, brief, knowing, listed, policy, start_in};
use membrane::{Error, ErrorKind, Policy, allow};
use probe::{Probe, Service, Visitor};
use runtime::{Limits, Runtime, wasm};
use std::sync::{Arc, Mutex};
use std::time::Duration;
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

/// Enters the guests one inside the other, in this order, over and over; `last` is the innermost call.
fn enter(path: &[Arc<dyn Probe>], last: Arc<dyn Fn() + Send + Sync>) {
    let Some((next, rest)) = path.split_first() else {
        return last();
    };
    let rest = rest.to_vec();
    let server = Server::doing(move || enter(&rest, last.clone()));
    assert_eq!(next.wait(server), Ok("done".into()));
}

/// Fails (busy) if a guest that was called back hides those that were called after it.
#[test]
fn guests_that_call_each_other_to_and_fro_on_one_thread_all_answer() {
    soon(|| {
        let runtime = knowing();
        let started: Vec<_> = ["a", "b", "c"]
            .map(|name| start_in(&runtime, name, policy(), Limits::default()))
            .into();
        let all: Vec<_> = started.iter().map(|(_, probe)| probe.clone()).collect();
        for order in [
            &[0, 1, 0, 1, 0, 1][..],
            &[0, 1, 2, 0, 1, 2, 0],
            &[0, 1, 2, 1, 0, 2, 2, 1, 0],
            &[2, 1, 1, 0, 2, 0, 1],
        ] {
            let path: Vec<_> = order.iter().map(|guest| all[*guest].clone()).collect();
            let (asked, reached) = (all.clone(), Arc::new(Mutex::new(0)));
            let count = reached.clone();
            let last = move || {
                for probe in &asked {
                    assert_eq!(probe.lengths("abc", b"", &[]), Ok(3));
                    *count.lock().expect("one user") += 1;
                }
            };
            enter(&path, Arc::new(last));
            assert_eq!(*reached.lock().expect("one user"), 3, "{order:?}");
        }
        for (guest, probe) in &started {
            assert_eq!(guest.report().ended, None);
            assert_works(probe);
        }
    });
}

/// The same between the guests alone: the first calls the second, which calls the first, which calls the second.
#[test]
fn guests_that_go_to_and_fro_for_ever_are_told_that_it_is_too_deep() {
    soon(|| {
        let pair = pair(policy, Limits::default());
        let both = [pair.first.clone(), pair.second.clone()];
        let (deepest, told) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(None)));
        to_and_fro(&both, 0, &deepest, &told);
        let told = told.lock().expect("one user").take().expect("it ends");
        assert_eq!(told, Err(ErrorKind::TooDeep.into()));
        let deepest = *deepest.lock().expect("one user");
        assert!((4..=24).contains(&deepest), "{deepest}");
        assert_eq!(
            (pair.one.report().ended, pair.other.report().ended),
            (None, None)
        );
        assert_works(&pair.first);
        assert_works(&pair.second);
    });
}

type Told = Arc<Mutex<Option<Result<String, Error>>>>;

fn to_and_fro(both: &[Arc<dyn Probe>; 2], depth: usize, deepest: &Arc<Mutex<usize>>, told: &Told) {
    *deepest.lock().expect("one user") = depth;
    let (inner, deepest, said) = (both.clone(), deepest.clone(), told.clone());
    let server = Server::doing(move || to_and_fro(&inner, depth + 1, &deepest, &said));
    let result = both[depth % 2].wait(server);
    // The innermost says it first.
    told.lock().expect("one user").get_or_insert(result);
}

/// Fails if the end of a guest in an inner call of its is not seen by its outer ones, or ends the guest between them.
#[test]
fn guest_that_ends_inside_another_inside_itself_ends_alone() {
    soon(|| {
        let pair = pair(policy, Limits::default());
        let (first, second) = (pair.first.clone(), pair.second.clone());
        let panics = second.clone();
        let innermost = Server::doing(move || assert_kind(panics.panic(), ErrorKind::Revoked));
        let back = Server::doing(move || {
            // The first goes on, inside the second that has ended.
            assert_eq!(first.wait(innermost.clone()), Ok("done".into()));
        });
        assert_revoked(second.wait(back.clone()), "the guest gave up");
        assert_eq!(back.calls(), 1, "reached");
        assert_eq!(pair.other.report().ended, Some(wasm::End::Unreachable));
        assert_eq!(pair.one.report().ended, None);
        assert_works(&pair.first);
    });
}

/// What `Limits::deadline` says of whom others call.
#[test]
fn guest_that_waits_for_one_that_loops_goes_on_if_its_deadline_is_longer() {
    let longer = Limits {
        deadline: Some(Duration::from_mins(2)),
        ..Limits::default()
    };
    for (limits, goes_on) in [(longer, true), (brief(), false)] {
        let runtime = knowing();
        let (one, first) = start_in(&runtime, "waits", policy(), limits);
        let (other, second) = start_in(&runtime, "loops", policy(), brief());
        let looping = second.clone();
        let server = Server::doing(move || {
            assert_revoked(looping.spin(), "the guest ran out of time");
        });
        let waiting = first.clone();
        let called = server.clone();
        let result = soon(move || waiting.wait(called));
        assert_eq!(server.calls(), 1, "reached");
        assert_eq!(other.report().ended, Some(wasm::End::OutOfTime));
        if goes_on {
            assert_eq!(result, Ok("done".into()));
            assert_eq!(one.report().ended, None);
            assert_works(&first);
        } else {
            // Its time is over, too: the host's call that it made took all of it.
            assert_revoked(result, "the guest ran out of time");
            assert_eq!(one.report().ended, Some(wasm::End::OutOfTime));
        }
    }
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
            let said = Mutex::new(said);
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
            .is_err_and(|error| error.kind() == ErrorKind::Busy)
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
        ErrorKind::Busy,
    );
    door.open();
    assert_revoked(inside.finish(), "the guest ran out of time");
    assert_eq!(guest.report().ended, Some(wasm::End::OutOfTime));
}
