//! What a guest may use, and what happens when it wants more.

use super::forger::Parts;
use super::{Server, Started, assert_engine_works, assert_works, brief, knowing, listed, policy};
use membrane::{Error, ErrorKind, Reason};
use probe::Probe;
use runtime::wasm::{End, Engine, EngineOptions, Guest, StartError};
use runtime::{Limits, MessageLimits};
use std::sync::Arc;
use std::time::Duration;
use tests::{Census, assert_kind, soon};

/// Longer than any test waits, so that a test which needs it never ends well by it.
const UNHURRIED: Duration = Duration::from_mins(1);

/// Asserts that the guest has ended so, and that its holders are told just that.
#[track_caller]
fn assert_ended<R: std::fmt::Debug>(started: &Started, result: Result<R, Error>, end: End) {
    let error = result.expect_err("it ended");
    assert_eq!(started.guest.report().ended, Some(end), "{error}");
    assert_eq!(error.kind(), ErrorKind::Revoked);
    assert_eq!(error.reason().map(Reason::as_str), Some(&*end.to_string()));
    assert_eq!(
        started
            .probe
            .lengths("", b"", &[])
            .expect_err("it stays so"),
        error
    );
    let report = started.guest.report();
    assert_eq!(
        (report.handles, report.exports, report.memory_bytes),
        (0, 0, None)
    );
    assert_eq!(started.runtime.host().handles(), 0);
}

#[test]
fn endless_loop_ends_at_the_deadline() {
    // Hangs if the engine has no clock (`Engine::running`).
    let started = Started::new(brief());
    let started = soon(move || {
        let result = started.probe.spin();
        assert_ended(&started, result, End::OutOfTime);
        started
    });
    drop(started);
    assert_engine_works();
}

#[test]
fn deadline_is_for_each_call() {
    let started = Started::new(brief());
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(150));
        assert_works(&started.probe);
    }
}

#[test]
fn endless_recursion_ends_on_the_guests_stack() {
    let started = Started::new(Limits::default());
    let result = started.probe.recurse(0);
    assert_ended(&started, result, End::OutOfStack);
    assert_engine_works();
}

#[test]
fn panic_ends_the_guest_and_no_more() {
    let started = Started::new(Limits::default());
    let result = started.probe.panic();
    assert_ended(&started, result, End::Unreachable);
    assert_engine_works();
}

#[test]
fn memory_beyond_the_limit_is_refused_and_the_guest_goes_on() {
    let started = Started::new(Limits {
        memory_bytes: 8 << 20,
        ..Limits::default()
    });
    let before = started.guest.report();
    assert_eq!((before.memory_refused, before.ended), (Some(false), None));
    assert_eq!(
        started.probe.grow(1 << 20),
        Ok(1 << 20),
        "reached: some it gets"
    );
    // Fails if `memory_growing` says yes.
    assert_eq!(started.probe.grow(16 << 20), Ok(0));
    let after = started.guest.report();
    assert_eq!((after.memory_refused, after.ended), (Some(true), None));
    assert!(after.memory_bytes > before.memory_bytes, "{after:?}");
    assert!(
        after.memory_bytes.is_some_and(|bytes| bytes <= 8 << 20),
        "{after:?}"
    );
    assert_works(&started.probe);
}

#[test]
fn guest_that_needs_more_memory_than_it_may_have_does_not_start() {
    for memory_bytes in [0, 64 << 10] {
        let limits = Limits {
            memory_bytes,
            ..Limits::default()
        };
        let error = Guest::start(&knowing(), super::code(), "large", policy(), limits)
            .expect_err("too little");
        assert_eq!(error, StartError::Ended(End::OutOfMemory));
    }
}

#[test]
fn fuel_is_counted_for_each_call_and_ends_the_guest() {
    let options = EngineOptions {
        fuel: true,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).expect("an engine that counts");
    let code = engine.load(env!("PROBE")).expect("a component");
    let fuel = 2_000_000;
    let limits = Limits {
        fuel: Some(fuel),
        deadline: Some(UNHURRIED),
        ..Limits::default()
    };
    let runtime = knowing();
    let guest = Guest::start(&runtime, &code, "counted", policy(), limits).expect("it starts");
    let probe: Arc<dyn Probe> = guest.root().expect("a probe");
    let left = |guest: &Guest| guest.report().fuel_left.expect("it is counted");
    assert_works(&probe);
    let after = left(&guest);
    assert!(0 < after && after < fuel, "{after}");
    for _ in 0..3 {
        assert_works(&probe);
        assert!(
            left(&guest).abs_diff(after) < fuel / 10,
            "each call has its own"
        );
    }
    assert_kind(probe.spin(), ErrorKind::Revoked);
    assert_eq!(guest.report().ended, Some(End::OutOfFuel));
    // The same engine, no limit: it starts.
    assert!(
        Guest::start(
            &runtime,
            &code,
            "free",
            policy(),
            Limits {
                fuel: None,
                ..limits
            }
        )
        .is_ok()
    );
}

/// Fails if the guest is told what the host has dropped on what the call has left, or without a limit.
#[test]
fn guest_is_told_what_the_host_has_dropped_with_as_much_fuel_again() {
    let engine = Engine::new(EngineOptions {
        fuel: true,
        ..EngineOptions::default()
    });
    let engine = engine.expect("an engine that counts");
    let burn = |instructions: u32| format!("(call $burn (i32.const {}))", instructions / 7);
    let told = |in_the_call, when_told| {
        // An object of the guest's, as the argument of a method that takes a number: it is dropped.
        let attack = format!(
            "{} (i32.store8 (i32.const 6400) (i32.const 10)) (i64.store (i32.const 6408) (i64.const 9))
             (i64.store (i32.const 6416) (i64.const VISITOR))
             (call $call7 (local.get $h) (i32.const 1) (i32.const 6400) (i32.const 1))
             (call $number (i32.const 7))",
            burn(in_the_call)
        );
        let parts = Parts {
            attack: &attack,
            release: &burn(when_told),
            rest: "(func $burn (param $left i32)
                     (loop $more
                       (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                       (br_if $more (local.get $left))))",
            ..Parts::default()
        };
        let limits = Limits {
            fuel: Some(100_000),
            deadline: Some(UNHURRIED),
            ..Limits::default()
        };
        let forged = parts.start_on(&engine, limits).expect("it starts");
        let result = forged.forger.strike(Server::new(), Server::new());
        (result.map_err(Error::kind), forged.guest.report().ended)
    };
    let out_of_fuel = (Err(ErrorKind::Revoked), Some(End::OutOfFuel));
    assert_eq!(told(70_000, 70_000), (Ok(7), None));
    assert_eq!(told(140_000, 7), out_of_fuel);
    assert_eq!(told(7, 140_000), out_of_fuel, "and the result with it");
}

#[test]
fn fuel_is_not_promised_by_an_engine_that_does_not_count() {
    let limits = Limits {
        fuel: Some(1_000_000),
        ..Limits::default()
    };
    let error = Guest::start(&knowing(), super::code(), "counted", policy(), limits)
        .expect_err("it does not count");
    assert_eq!(error, StartError::NoFuel);
    assert!(error.to_string().contains("EngineOptions::fuel"));
    assert_eq!(
        Started::new(Limits::default()).guest.report().fuel_left,
        None
    );
}

#[test]
fn flood_of_handles_is_stopped_and_all_comes_back() {
    let started = Started::new(Limits {
        handles: 100,
        deadline: Some(UNHURRIED),
        ..Limits::default()
    });
    for _ in 0..2 {
        let census = Census::default();
        let server = Arc::new(Server::counted(&census));
        let (held, said) = started
            .probe
            .flood(server.clone(), 10_000)
            .expect("it copes");
        // The service itself has one. Fails if `Table::insert` does not look at `most`.
        assert_eq!(
            (held, said),
            (99, Error::from(ErrorKind::Exhausted).to_string())
        );
        assert_eq!(
            server.calls(),
            100,
            "the last one was made, and was not given"
        );
        drop(server);
        assert_eq!((started.guest.report().handles, census.alive()), (0, 0));
    }
    assert_works(&started.probe);
}

#[test]
fn messages_that_are_too_large_are_refused_both_ways() {
    let started = Started::new(Limits {
        message: MessageLimits {
            bytes: 1000,
            nodes: 200,
            ..MessageLimits::default()
        },
        ..Limits::default()
    });
    let probe = &started.probe;
    let text = "x".repeat(1001);
    assert_eq!(probe.lengths(&text[1..], b"", &[]), Ok(1000));
    assert_kind(probe.lengths(&text, b"", &[]), ErrorKind::Exhausted);
    assert_kind(probe.lengths("", b"", &[0; 200]), ErrorKind::Exhausted);
    let server = Server::new();
    // The host's answer is too large for the guest, which goes on; then the guest's for the host.
    assert_eq!(
        probe
            .large(server.clone(), 900)
            .map(|(said, bytes)| (said, bytes.len())),
        Ok(("done".into(), 900))
    );
    assert_kind(probe.large(server.clone(), 1100), ErrorKind::Exhausted);
    assert_eq!(server.calls(), 2);
    assert_eq!(started.guest.report().ended, None);
    assert_works(probe);
}

#[test]
fn depth_of_calls_back_and_forth_is_bounded_with_a_clean_error() {
    let policy = listed().depth_limit(16).build().expect("one list for each");
    let started = Started::under(policy, Limits::default());
    let server = Server::new();
    let (depth, said) = started
        .probe
        .back_and_forth(server.clone())
        .expect("it comes back");
    assert!((4..=16).contains(&depth), "{depth}");
    assert!(server.calls() > 4, "reached");
    assert_eq!(said, Error::from(ErrorKind::TooDeep).to_string());
    assert_eq!(started.guest.report().ended, None);
    assert_works(&started.probe);
}

#[test]
fn deadline_that_passes_while_the_guest_waits_ends_it_when_the_host_returns() {
    let started = Started::new(brief());
    let server = Server::doing(|| std::thread::sleep(Duration::from_millis(600)));
    let result = started.probe.wait(server.clone());
    assert_eq!(server.calls(), 1, "reached");
    assert_ended(&started, result, End::OutOfTime);
    assert_eq!(Arc::strong_count(&server), 1);
    assert_engine_works();
}
