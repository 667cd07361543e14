//! Messages that are none, and answers that are lies.

use super::{BROKEN, MARK, all_end, all_told};
use crate::Server;
use crate::forger::{Forged, Parts, assert_ends};
use membrane::ErrorKind;
use runtime::wasm::StartError;
use runtime::{Limits, MessageLimits};

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
