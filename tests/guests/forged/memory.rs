//! Memory that is not there, and functions of the guest's that the host relies on.

use super::{BROKEN, all_end};
use crate::forger::{Forged, Parts};
use crate::{Server, assert_engine_works, brief};
use membrane::ErrorKind;
use runtime::Limits;
use runtime::wasm::{End, StartError};
use std::sync::Arc;
use tests::assert_kind;

#[test]
fn pointers_out_of_memory_end_the_guest() {
    let call = |nodes: &str, count: &str, objects: &str, places: &str, answer: &str| {
        format!(
            "(call $call (local.get $h) (i32.const 0) (i32.const 1) (i32.const {nodes}) (i32.const {count})
               (i32.const {objects}) (i32.const {places}) (i32.const {answer}))"
        )
    };
    for (name, attack) in [
        ("nodes beyond", call("0x7ffffff8", "1", "0", "0", "2048")),
        (
            "nodes across the end",
            call("0xffff8", "2", "0", "0", "2048"),
        ),
        (
            "too many nodes",
            call("1024", "0x7fffffff", "0", "0", "2048"),
        ),
        (
            "a length that wraps",
            call("1024", "0x08000001", "0", "0", "2048"),
        ),
        ("nodes not aligned", call("1025", "1", "0", "0", "2048")),
        (
            "objects beyond",
            call("1024", "1", "0x7ffffffc", "1", "2048"),
        ),
        (
            "too many objects",
            call("1024", "1", "0", "0x3fffffff", "2048"),
        ),
    ] {
        all_end(&[(name, &attack)]);
    }
    for (name, attack) in [
        (
            "method name beyond",
            "(call $method (local.get $h) (i32.const 0x7fffffff) (i32.const 9) (i32.const 2048))",
        ),
        (
            "method name too long",
            "(call $method (local.get $h) (i32.const 0) (i32.const -1) (i32.const 2048))",
        ),
        (
            "description beyond",
            "(call $describe (local.get $h) (i32.const 0x7ffffff0))",
        ),
    ] {
        all_end(&[(name, attack)]);
    }
}

#[test]
fn answer_to_nowhere_ends_the_guest_after_the_call() {
    // Here the second call arrives: it is the answer that finds no place.
    for answer in ["0x7ffffff8", "0xffffc", "2049"] {
        let forged = Forged::new(&format!(
            "(call $call (local.get $h) (i32.const 0) (i32.const 1) (i32.const 1024) (i32.const 1)
               (i32.const 0) (i32.const 0) (i32.const {answer})) (call $told)"
        ));
        let victim = Server::new();
        let result = forged.forger.strike(victim.clone(), victim.clone());
        assert_kind(result, ErrorKind::Revoked);
        assert!(victim.calls() <= 1);
        assert!(
            forged
                .guest
                .report()
                .ended
                .is_some_and(|end| BROKEN.contains(&end))
        );
        assert_eq!(Arc::strong_count(&victim), 1);
        forged.assert_contained();
    }
}

#[test]
fn small_memory_that_means_much_ends_the_guest() {
    // 300 nodes of one MiB each, all the same bytes: 300 MiB on the host's side if they were copied.
    all_end(&[(
        "the same bytes again and again",
        "(loop $more
           (i32.store8 (i32.add (i32.const 0x20000) (i32.mul (local.get $i) (i32.const 32))) (i32.const 6))
           (i32.store (i32.add (i32.const 0x2000c) (i32.mul (local.get $i) (i32.const 32))) (i32.const 0x100000))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $more (i32.lt_u (local.get $i) (i32.const 300))))
         (call $call7 (local.get $h) (i32.const 300) (i32.const 0x20000) (i32.const 300))",
    )]);
}

#[test]
fn allocator_that_lies_ends_the_guest_and_no_more() {
    for (name, realloc, ends) in [
        ("beyond memory", "(return (i32.const 0x7ffffff8))", BROKEN),
        ("not aligned", "(return (i32.const 3))", BROKEN),
        ("gives up", "unreachable", &[End::Unreachable][..]),
        // Calls the host while the host passes it something.
        ("calls the host", "(call $drop (i32.const 1))", BROKEN),
        ("never returns", "(loop $on (br $on))", &[End::OutOfTime]),
    ] {
        let parts = Parts {
            attack: "(call $number (i32.const 7))",
            realloc,
            ..Parts::default()
        };
        let forged = parts.start(brief()).expect("it starts");
        let victim = Server::new();
        assert_kind(
            forged.forger.strike(victim.clone(), victim.clone()),
            ErrorKind::Revoked,
        );
        let ended = forged.guest.report().ended;
        assert!(
            ended.is_some_and(|end| ends.contains(&end)),
            "{name}: {ended:?}"
        );
        assert_eq!(Arc::strong_count(&victim), 1, "{name}");
        forged.assert_contained();
    }
}

#[test]
fn start_that_misbehaves_starts_nothing() {
    let started = |start, rest| {
        let parts = Parts {
            attack: "(call $number (i32.const 7))",
            start,
            rest,
            ..Parts::default()
        };
        parts.start(brief()).map(|_| ())
    };
    assert_eq!(started("", ""), Ok(()));
    assert_eq!(
        started("unreachable", ""),
        Err(StartError::Ended(End::Unreachable))
    );
    assert_eq!(
        started("(loop $on (br $on))", ""),
        Err(StartError::Ended(End::OutOfTime))
    );
    assert_eq!(
        started("", "(func $first (loop $on (br $on))) (start $first)"),
        Err(StartError::Ended(End::OutOfTime))
    );
    assert_eq!(
        started("", "(func $first unreachable) (start $first)"),
        Err(StartError::Ended(End::Unreachable))
    );
    let nowhere = started("(return (i32.const 0x7ffffff8))", "");
    assert!(
        matches!(nowhere, Err(StartError::Ended(End::Broke | End::Trapped))),
        "{nowhere:?}"
    );
    let failed = started(
        "(i32.store8 (i32.const 4096) (i32.const 1)) (i32.store8 (i32.const 4104) (i32.const 0))",
        "",
    );
    assert!(matches!(failed, Err(StartError::NoRoot(_))), "{failed:?}");
    let other = started("(i64.store (i32.const 4112) (i64.const 4711))", "");
    assert!(matches!(other, Err(StartError::NoRoot(_))), "{other:?}");
    assert_engine_works();
}

#[test]
fn release_that_traps_ends_the_guest_and_the_call_with_it() {
    let parts = Parts {
        attack: "(if (local.get $h) (then (return (call $number (i32.const 7)))))
                 (i32.store8 (i32.const 6400) (i32.const 7)) (i32.store (i32.const 6408) (i32.const 5000))
                 (i32.store (i32.const 6412) (i32.const 1)) (i32.store (i32.const 5000) (i32.const 1))
                 (i32.store8 (i32.const 6432) (i32.const 10)) (i64.store (i32.const 6440) (i64.const 9))
                 (i64.store (i32.const 6448) (i64.const VISITOR))
                 (call $answer (i32.const 6400) (i32.const 2) (i32.const 0) (i32.const 0))",
        release: "unreachable",
        ..Parts::default()
    };
    let forged = parts.start(Limits::default()).expect("it starts");
    drop(forged.forger.give().expect("a visitor"));
    let server = Server::new();
    let result = forged.forger.strike(server.clone(), server);
    assert_kind(result, ErrorKind::Revoked);
    assert_eq!(
        forged.guest.report().ended,
        Some(End::Unreachable),
        "it was told"
    );
    forged.assert_contained();
}
