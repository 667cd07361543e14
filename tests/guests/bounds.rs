//! What a guest can make the host take: memory, addresses, stack, and what it must remember.

use super::forger::{Forged, Parts};
use super::{Server, assert_engine_works, assert_works, knowing, policy};
use membrane::{Error, ErrorKind};
use probe::Probe;
use runtime::Limits;
use runtime::wasm::{self, End, Engine, EngineOptions, Found, Guest, StartError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn with(rest: &str) -> Result<(), StartError> {
    with_options(rest, EngineOptions::default())
}

fn with_options(rest: &str, options: EngineOptions) -> Result<(), StartError> {
    let parts = Parts {
        attack: "(call $number (i32.const 7))",
        rest,
        ..Parts::default()
    };
    parts
        .start_on(&Engine::new(options).expect("an engine"), Limits::default())
        .map(|_| ())
}

/// Asserts that the guest did not start because of this limit, that the message says what to raise, and that nothing of it
/// is left.
#[track_caller]
fn assert_too_many(result: Result<(), StartError>, parts: wasm::Parts, option: &str) {
    let error = result.expect_err("one too many");
    assert_eq!(error, StartError::TooMany(parts));
    assert!(
        error
            .to_string()
            .contains(&format!("`EngineOptions::{option}`")),
        "{error}"
    );
    assert_engine_works();
}

/// Fails if the number of memories is the engine's own: each takes gigabytes of addresses.
#[test]
fn guest_has_few_memories() {
    assert_eq!(with(&"(memory 0) ".repeat(3)), Ok(()));
    let four = "(memory 0) ".repeat(4);
    assert_too_many(with(&four), wasm::Parts::Memories(4), "memories");
    let more = EngineOptions {
        memories: 5,
        ..EngineOptions::default()
    };
    assert_eq!(with_options(&four, more), Ok(()));
}

/// Fails if what is too much of is told as an end like another.
#[test]
fn guest_has_few_tables_and_instances() {
    let default = EngineOptions::default();
    let tables = "(table 1 funcref) ".repeat(default.tables + 1);
    assert_too_many(with(&tables), wasm::Parts::Tables(default.tables), "tables");
    let more = EngineOptions {
        tables: 2 * default.tables,
        ..default
    };
    assert_eq!(with_options(&tables, more), Ok(()));
    // The forger is its own module, and what joins it to its imports.
    let few = |instances| {
        with_options(
            "",
            EngineOptions {
                instances,
                ..default
            },
        )
    };
    assert_too_many(few(0), wasm::Parts::Instances(0), "instances");
    assert_too_many(few(1), wasm::Parts::Instances(1), "instances");
    assert_eq!(few(3), Ok(()));
}

/// Fails if the size is not looked at before the component is compiled.
#[test]
fn component_that_is_too_large_is_not_compiled() {
    let bytes = std::fs::read(env!("PROBE")).expect("it was built");
    let most = bytes.len() - 1;
    let options = EngineOptions {
        code_bytes: most,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).expect("an engine");
    let error = engine.compile("probe", &bytes).expect_err("one too many");
    let found = Found::TooLarge {
        bytes: bytes.len(),
        most,
    };
    assert_eq!(error.found, found);
    assert!(
        error.to_string().contains("EngineOptions::code_bytes"),
        "{error}"
    );
}

/// Fails if a deadline is added to the time without a look.
#[test]
fn deadline_that_no_clock_reaches_is_none() {
    let limits = Limits {
        deadline: Some(Duration::MAX),
        ..Limits::default()
    };
    assert_works(&super::Started::new(limits).probe);
}

/// Fails if the engine is made for no more stack than it has by default.
#[test]
fn guest_has_as_much_stack_as_the_option_says() {
    // Some megabytes of frames.
    let parts = Parts {
        attack: "(call $number (call $down (i32.const 50000)))",
        rest: "(func $down (param $left i32) (result i32)
                 (if (result i32) (local.get $left)
                   (then (i32.add (i32.const 1) (call $down (i32.sub (local.get $left) (i32.const 1)))))
                   (else (i32.const 0))))",
        ..Parts::default()
    };
    let down = |stack_bytes: usize| {
        let options = EngineOptions {
            stack_bytes,
            thread_stack_bytes: stack_bytes,
            ..EngineOptions::default()
        };
        let engine = Engine::new(options).expect("an engine");
        let forged = parts.start_on(&engine, Limits::default());
        let forged = forged.expect("it starts");
        let (server, other) = (Server::new(), Server::new());
        let result = forged.forger.strike(server, other);
        (result.map_err(Error::kind), forged.guest.report().ended)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(32 << 20);
        let run = || (down(512 << 10), down(16 << 20));
        let (little, much) = thread
            .spawn_scoped(scope, run)
            .expect("a thread")
            .join()
            .expect("no panic");
        assert_eq!(little, (Err(ErrorKind::Revoked), Some(End::OutOfStack)));
        assert_eq!(much, (Ok(50_000), None));
    });
}

/// Fails if a guest inside another gets a stack of its own without a look at what is left of the thread's.
#[test]
fn guests_inside_each_other_share_the_stack() {
    let bytes = std::fs::read(env!("PROBE")).expect("it was built");
    let roomy = EngineOptions::default();
    let tight = EngineOptions {
        thread_stack_bytes: roomy.stack_bytes,
        ..roomy
    };
    for (options, fits) in [(roomy, true), (tight, false)] {
        let engine = Engine::new(options).expect("an engine");
        let code = engine.compile("probe", &bytes).expect("a component");
        let runtime = Arc::new(knowing());
        let start = {
            let runtime = runtime.clone();
            move || Guest::start(&runtime, &code, "probe", policy(), Limits::default())
        };
        let (outer, inner) = (start().expect("it starts"), start().expect("it starts"));
        let probe: Arc<dyn Probe> = outer.root().expect("a probe");
        let other: Arc<dyn Probe> = inner.root().expect("a probe");
        assert_works(&other);
        let told = Arc::new(Mutex::new(None));
        // Inside the outer guest's call, another is called, and a third one started.
        let server = {
            let (told, other) = (told.clone(), other.clone());
            Server::doing(move || {
                let worked = other.work(Server::new(), 3);
                *told.lock().expect("no panic here") = Some((worked, start().map(|_| ())));
            })
        };
        probe.wait(server).expect("it goes on");
        let told = told.lock().expect("no panic").take().expect("reached");
        if fits {
            assert_eq!(told, (Ok(6), Ok(())));
        } else {
            let no_room = Err(StartError::Ended(End::OutOfStack));
            assert_eq!(told, (Err(ErrorKind::TooDeep.into()), no_room));
        }
        assert_works(&other);
        assert_works(&probe);
    }
}

/// Fails if the guest is told only when its call is over: what it passes in one long call piles up in the host until then.
#[test]
fn guest_is_told_in_the_middle_of_a_call_what_the_host_has_dropped() {
    // A list of 1,100 objects of the guest's, as the argument of a method that takes a number.
    let parts = Parts {
        attack: "(i32.store8 (i32.const 300000) (i32.const 7)) (i32.store (i32.const 300008) (i32.const 200000))
                 (i32.store (i32.const 300012) (i32.const 1100))
                 (loop $fill
                   (i32.store (i32.add (i32.const 200000) (i32.mul (local.get $i) (i32.const 4)))
                     (i32.add (local.get $i) (i32.const 1)))
                   (i32.store8 (i32.add (i32.const 300032) (i32.mul (local.get $i) (i32.const 32))) (i32.const 10))
                   (i64.store (i32.add (i32.const 300040) (i32.mul (local.get $i) (i32.const 32)))
                     (i64.extend_i32_u (i32.add (local.get $i) (i32.const 100))))
                   (i64.store (i32.add (i32.const 300048) (i32.mul (local.get $i) (i32.const 32))) (i64.const VISITOR))
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $fill (i32.lt_u (local.get $i) (i32.const 1100))))
                 (call $call7 (local.get $h) (i32.const 1) (i32.const 300000) (i32.const 1101))
                 (call $number (global.get $heard))",
        release: "(global.set $heard (i32.add (global.get $heard) (local.get 1)))",
        rest: "(global $heard (mut i32) (i32.const 0))",
        ..Parts::default()
    };
    let forged: Forged = parts.start(Limits::default()).expect("it starts");
    let server = Server::new();
    assert_eq!(
        forged.forger.strike(server.clone(), server.clone()),
        Ok(1100),
        "told of each, before the call was over"
    );
    assert_eq!(server.calls(), 0, "a list is no number");
    assert_eq!(forged.guest.report().ended, None);
    drop(server);
    forged.guest.stop("done");
    forged.assert_contained();
}
