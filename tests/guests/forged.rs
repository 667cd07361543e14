//! Guests that abuse the boundary itself: handles, pointers, lengths, messages and numbers that are lies.

use super::forger::{Forged, Parts, assert_ends, assert_told};
use super::{Server, assert_engine_works, brief};
use membrane::{Error, ErrorKind};
use runtime::wasm::{End, StartError};
use runtime::{Limits, MessageLimits};
use std::sync::Arc;
use tests::assert_kind;

/// Every attack begins with this: a call that arrives.
const MARK: &str = "(call $mark (local.get $h))";
/// The guest is ended for one of these: the engine tells some abuses of its boundary as traps.
const BROKEN: &[End] = &[End::Broke, End::Trapped];

#[track_caller]
fn all_end(attacks: &[(&str, &str)]) {
    for (name, attack) in attacks {
        assert_ends(
            name,
            &format!("{MARK} {attack} (call $number (i32.const 7))"),
            BROKEN,
        );
    }
}

#[track_caller]
fn all_told(failure: u64, attacks: &[(&str, &str)]) {
    for (name, attack) in attacks {
        assert_told(name, &format!("{MARK} {attack} (call $told)"), failure);
    }
}

#[test]
fn forger_that_behaves_works() {
    // The positive control: what the attacks are built on does what it says.
    let forged =
        Forged::new("(call $mark (local.get $h)) (call $mark (local.get $other)) (call $told)");
    let (victim, other) = (Server::new(), Server::new());
    assert_eq!(forged.forger.strike(victim.clone(), other.clone()), Ok(100));
    assert_eq!((victim.calls(), other.calls()), (1, 1));
    assert_eq!(forged.guest.report().handles, 2, "it gave none back");
    forged.guest.stop("done");
    forged.assert_contained();
    assert_eq!(
        (Arc::strong_count(&victim), Arc::strong_count(&other)),
        (1, 1)
    );
}

#[test]
fn handle_that_was_not_given_ends_the_guest() {
    all_end(&[
        ("made up", "(call $mark (i32.const 999))"),
        ("zero", "(call $mark (i32.const 0))"),
        ("the highest", "(call $mark (i32.const -1))"),
        (
            "stale",
            "(call $drop (local.get $h)) (call $mark (local.get $h))",
        ),
        (
            "dropped twice",
            "(call $drop (local.get $h)) (call $drop (local.get $h))",
        ),
        ("dropped, made up", "(call $drop (i32.const 12345))"),
        ("shared, made up", "(drop (call $share (i32.const 77)))"),
        (
            "described, stale",
            "(call $drop (local.get $h)) (call $describe (local.get $h) (i32.const 2048))",
        ),
        (
            "passed, stale",
            "(call $drop (local.get $other)) (i32.store (i32.const 5000) (local.get $other))
             (call $call (local.get $h) (i32.const 0) (i32.const 1) (i32.const 1024) (i32.const 1)
               (i32.const 5000) (i32.const 1) (i32.const 2048))",
        ),
    ]);
}

#[test]
fn handle_of_another_guest_names_nothing_here() {
    // The one keeps its handle; the other, which has none, uses the same number.
    let keeper = Forged::new(
        "(if (local.get $h) (then (global.set $kept (local.get $h))))
         (call $mark (global.get $kept)) (call $number (global.get $kept))",
    );
    let victim = Server::new();
    let number = keeper
        .forger
        .strike(victim.clone(), victim.clone())
        .expect("it keeps it");
    assert_eq!(victim.calls(), 1);
    let thief = Forged::new(&format!("(call $mark (i32.const {number})) (call $told)"));
    assert_kind(thief.forger.give().map(|_| ()), ErrorKind::Revoked);
    assert_eq!(
        thief.guest.report().ended.map(|end| BROKEN.contains(&end)),
        Some(true)
    );
    assert_eq!(victim.calls(), 1, "nothing arrived");
    // The same number, used by the one whose it is, arrives: the answer is a number and no list.
    assert_kind(keeper.forger.give().map(|_| ()), ErrorKind::Failed);
    assert_eq!(victim.calls(), 2);
    assert_eq!(keeper.guest.report().ended, None);
    thief.assert_contained();
}

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
fn bytes_that_are_no_value_end_the_guest() {
    let bad = r"(i32.store8 (i32.const 5000) (i32.const 0xff))";
    all_end(&[
        (
            "a method's name that is not UTF-8",
            &format!("{bad} (call $method (local.get $h) (i32.const 5000) (i32.const 1) (i32.const 2048))"),
        ),
        (
            "a text that is not UTF-8",
            &format!(
                "{bad} (i32.store8 (i32.const 6400) (i32.const 5)) (i32.store (i32.const 6408) (i32.const 5000))
                 (i32.store (i32.const 6412) (i32.const 1))
                 (call $call7 (local.get $h) (i32.const 1) (i32.const 6400) (i32.const 1))"
            ),
        ),
        (
            "a kind of node that there is not",
            "(i32.store8 (i32.const 1024) (i32.const 11)) (call $mark (local.get $h))",
        ),
        (
            "a kind far from any",
            "(i32.store8 (i32.const 1024) (i32.const 255)) (call $mark (local.get $h))",
        ),
    ]);
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
fn message_that_makes_no_sense_is_answered() {
    const ARGUMENTS: u64 = 8;
    let one = "(call $call7 (local.get $h) (i32.const 1) (i32.const 6400) (i32.const 1))";
    let items =
        "(i32.store8 (i32.const 6400) (i32.const 7)) (i32.store (i32.const 6408) (i32.const 5000))
                 (i32.store (i32.const 6412) (i32.const 1))";
    let lent =
        "(i32.store8 (i32.const 6400) (i32.const 9)) (i32.store (i32.const 6408) (i32.const 5))";
    let own = "(i32.store8 (i32.const 6400) (i32.const 10)) (i64.store (i32.const 6416) (i64.const 4711))";
    all_told(
        ARGUMENTS,
        &[
            ("itself", &format!("{items} {one}")),
            (
                "nowhere",
                &format!("(i32.store (i32.const 5000) (i32.const -1)) {items} {one}"),
            ),
            ("an object that is not beside it", &format!("{lent} {one}")),
            ("an interface that is not known", &format!("{own} {one}")),
            (
                "two values, one node",
                "(call $call7 (local.get $h) (i32.const 2) (i32.const 1024) (i32.const 1))",
            ),
            (
                "all the values",
                "(call $call7 (local.get $h) (i32.const -1) (i32.const 1024) (i32.const 1))",
            ),
            (
                "an unused node",
                "(call $call7 (local.get $h) (i32.const 0) (i32.const 1024) (i32.const 1))",
            ),
            (
                "no argument",
                "(call $call7 (local.get $h) (i32.const 0) (i32.const 1024) (i32.const 0))",
            ),
            (
                "an argument of another type",
                "(i32.store8 (i32.const 1024) (i32.const 0)) (call $mark (local.get $h))",
            ),
            (
                "a long integer",
                "(i32.store8 (i32.const 1024) (i32.const 3)) (call $mark (local.get $h))",
            ),
        ],
    );
}

/// Fails if plain scalars are taken without a look at how many there may be.
#[test]
fn scalars_beyond_the_limit_are_too_many() {
    const EXHAUSTED: u64 = 6;
    const ARGUMENTS: u64 = 8;
    let strike = |count: u32| {
        let attack = format!(
            "(i32.store8 (i32.const 1056) (i32.const 2)) (i32.store8 (i32.const 1088) (i32.const 2))
             (call $call7 (local.get $h) (i32.const {count}) (i32.const 1024) (i32.const {count})) (call $told)"
        );
        let limits = Limits {
            message: MessageLimits {
                nodes: 2,
                ..MessageLimits::default()
            },
            ..Limits::default()
        };
        let forged = Parts::attack(&attack).start(limits).expect("it starts");
        forged.forger.strike(Server::new(), Server::new())
    };
    assert_eq!(strike(1), Ok(100), "reached: one is answered");
    assert_eq!(
        strike(2),
        Ok(ARGUMENTS),
        "as many as there may be are one too many for the method"
    );
    assert_eq!(strike(3), Ok(EXHAUSTED));
}

#[test]
fn method_that_is_not_there_or_not_allowed_is_refused() {
    const REFUSED: u64 = 0;
    // 2 is `secret`, which no policy here lists.
    for number in ["2", "63", "64", "200", "-1"] {
        all_told(REFUSED, &[(
            number,
            &format!(
                "(call $call (local.get $h) (i32.const {number}) (i32.const 0) (i32.const 1024) (i32.const 0)
                   (i32.const 0) (i32.const 0) (i32.const 2048))"
            ),
        )]);
    }
}

#[test]
fn answer_that_is_none_ends_the_guest() {
    for (name, attack) in [
        ("beyond memory", "(i32.const 0x7ffffff8)"),
        ("not aligned", "(i32.const 3)"),
        ("neither a result nor a failure", "(i32.store8 (i32.const 3072) (i32.const 2)) (i32.const 3072)"),
        (
            "a failure that there is not",
            "(i32.store8 (i32.const 3072) (i32.const 1)) (i32.store8 (i32.const 3076) (i32.const 99)) (i32.const 3072)",
        ),
        ("nodes beyond memory", "(call $answer (i32.const 0x7ffffff8) (i32.const 1) (i32.const 0) (i32.const 0))"),
        ("too many nodes", "(call $answer (i32.const 1024) (i32.const -1) (i32.const 0) (i32.const 0))"),
        (
            "a handle that is not its",
            "(i32.store (i32.const 5000) (i32.const 77)) (call $answer (i32.const 1024) (i32.const 1) (i32.const 5000) (i32.const 1))",
        ),
        (
            "a handle twice",
            "(i32.store (i32.const 5000) (local.get $h)) (i32.store (i32.const 5004) (local.get $h))
             (call $answer (i32.const 1024) (i32.const 1) (i32.const 5000) (i32.const 2))",
        ),
    ] {
        assert_ends(name, &format!("{MARK} {attack}"), BROKEN);
    }
}

/// An answer of these nodes, at 6400, the first of which are values.
fn answering(nodes: &str, count: u32) -> String {
    format!(
        "{nodes} (call $answer (i32.const 6400) (i32.const {count}) (i32.const 0) (i32.const 0))"
    )
}

#[test]
fn answer_that_makes_no_sense_is_a_failure() {
    let list = "(i32.store8 (i32.const 6400) (i32.const 7)) (i32.store (i32.const 6408) (i32.const 5000))
                (i32.store (i32.const 6412) (i32.const 1)) (i32.store (i32.const 5000) (i32.const 1))";
    let own =
        "(i32.store8 (i32.const 6432) (i32.const 10)) (i64.store (i32.const 6440) (i64.const 9))";
    for (name, answer) in [
        ("no value", answering("", 0)),
        ("a value of another type", answering("", 1)),
        ("more than a value", answering("", 2)),
        (
            "a list of itself",
            answering(
                &format!("{list} (i32.store (i32.const 5000) (i32.const 0))"),
                2,
            ),
        ),
        ("an item that is no object", answering(list, 2)),
        (
            "an interface that is not known",
            answering(&format!("{list} {own}"), 2),
        ),
        (
            "an object of another interface",
            answering(
                &format!("{list} {own} (i64.store (i32.const 6448) (i64.const SERVICE))"),
                2,
            ),
        ),
        (
            "a lent object that is not beside it",
            answering(
                &format!("{list} (i32.store8 (i32.const 6432) (i32.const 9))"),
                2,
            ),
        ),
    ] {
        let forged = Forged::new(&answer);
        for _ in 0..2 {
            let error = forged.forger.give().map(|_| ()).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Failed, "{name}");
        }
        assert_eq!(
            forged.guest.report().ended,
            None,
            "{name}: the answer came, and is its own affair"
        );
        assert_eq!(forged.guest.report().exports, 1, "{name}: the root");
        forged.assert_contained();
    }
}

#[test]
fn object_that_the_guest_made_up_is_the_guests_own_affair() {
    // Objects 9 and 1, as visitors; 1 is the root. A call of a visitor answers 7.
    let forged = Forged::new(
        "(if (i32.eqz (local.get $arity)) (then
           (i32.store8 (i32.const 6400) (i32.const 7)) (i32.store (i32.const 6408) (i32.const 5000))
           (i32.store (i32.const 6412) (i32.const 2))
           (i32.store (i32.const 5000) (i32.const 1)) (i32.store (i32.const 5004) (i32.const 2))
           (i32.store8 (i32.const 6432) (i32.const 10)) (i64.store (i32.const 6440) (i64.const 9))
           (i64.store (i32.const 6448) (i64.const VISITOR))
           (i32.store8 (i32.const 6464) (i32.const 10)) (i64.store (i32.const 6472) (i64.const 1))
           (i64.store (i32.const 6480) (i64.const VISITOR))
           (return (call $answer (i32.const 6400) (i32.const 3) (i32.const 0) (i32.const 0)))))
         (call $number (i32.const 7))",
    );
    let given = forged.forger.give().expect("two visitors");
    assert_eq!(given.len(), 2);
    assert_eq!((given[0].visited(1), given[1].visited(1)), (Ok(7), Ok(7)));
    let server = Server::new();
    assert_eq!(
        forged.forger.strike(server.clone(), server),
        Ok(7),
        "the root is still the root"
    );
    drop(given);
    assert!(
        forged.guest.report().exports <= 1,
        "what was made up is forgotten"
    );
    assert_eq!(
        forged.forger.give().map(|given| given.len()),
        Ok(2),
        "the root outlives its namesake"
    );
    forged.guest.stop("done");
    forged.assert_contained();
}

#[test]
fn reason_that_a_guest_makes_up_is_not_told() {
    let forged = Forged::new(
        r"(i32.store8 (i32.const 3072) (i32.const 1)) (i32.store8 (i32.const 3076) (i32.const 1))
           (i32.store (i32.const 3080) (i32.const 1024)) (i32.store (i32.const 3084) (i32.const 1)) (i32.const 3072)",
    );
    let error = forged
        .forger
        .give()
        .map(|_| ())
        .expect_err("it says that it is revoked");
    assert_eq!(error.reason(), None);
    assert!(!forged.guest.membrane().is_revoked());
    forged.assert_contained();
}

/// Fails if the caller gets `Busy`, which says that nothing began: here the guest says it, after it has called the host.
#[test]
fn guest_that_says_that_it_is_busy_has_failed() {
    let said = "(i32.store8 (i32.const 3076) (i32.const 7))";
    // As the interface's own error, which has a membrane's answer in it.
    let raised = "(i32.store8 (i32.const 6400) (i32.const 5)) (i32.store (i32.const 6408) (i32.const 5000))
                  (i32.store (i32.const 6412) (i32.const 4)) (i32.store (i32.const 5000) (i32.const 0x79737562))
                  (i32.store8 (i32.const 3076) (i32.const 9))
                  (i32.store (i32.const 3080) (i32.const 6400)) (i32.store (i32.const 3084) (i32.const 1))
                  (i32.store (i32.const 3088) (i32.const 0)) (i32.store (i32.const 3092) (i32.const 0))";
    for (name, failure) in [("said", said), ("raised", raised)] {
        let forged = Forged::new(&format!(
            "(call $mark (local.get $h)) (i32.store8 (i32.const 3072) (i32.const 1)) {failure} (i32.const 3072)"
        ));
        let server = Server::new();
        let error = forged
            .forger
            .strike(server.clone(), server.clone())
            .expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Failed, "{name}");
        assert_eq!(server.calls(), 1, "{name}: it began");
        assert_eq!(forged.guest.report().ended, None, "{name}");
        drop(server);
        forged.guest.stop("done");
        forged.assert_contained();
    }
    let parts = Parts {
        attack: "unreachable",
        start: "(i32.store8 (i32.const 4096) (i32.const 1)) (i32.store8 (i32.const 4104) (i32.const 7))",
        ..Parts::default()
    };
    let started = parts.start(Limits::default()).map(|_| ());
    assert_eq!(
        started,
        Err(StartError::NoRoot(ErrorKind::Failed.into())),
        "at the start"
    );
}

/// Fails if the handles of one object are not counted.
#[test]
fn handles_shared_without_end_end_the_guest() {
    let sharing = |times: usize| {
        let attack = format!(
            "(call $mark (local.get $h))
             (loop $more
               (drop (call $share (local.get $h)))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $more (i32.lt_u (local.get $i) (i32.const {times}))))
             (call $number (i32.const 7))"
        );
        let limits = Limits {
            handles: 4,
            ..Limits::default()
        };
        let forged = Parts::attack(&attack).start(limits).expect("it starts");
        let server = Server::new();
        let result = forged.forger.strike(server.clone(), server.clone());
        assert_eq!(server.calls(), 1, "reached");
        let ended = forged.guest.report().ended;
        drop(server);
        forged.guest.stop("done");
        forged.assert_contained();
        (result.map_err(Error::kind), ended)
    };
    // What `Limits::handles` says, less the handle that it was passed.
    let most = 4 * 4 + 64 - 1;
    assert_eq!(sharing(most), (Ok(7), None));
    let broke = Some(End::Broke);
    assert_eq!(sharing(most + 1), (Err(ErrorKind::Revoked), broke));
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
