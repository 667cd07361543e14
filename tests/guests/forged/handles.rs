//! Handles and objects that are not the guest's to name.

use super::{BROKEN, all_end};
use crate::Server;
use crate::forger::{Forged, Parts};
use membrane::{Error, ErrorKind};
use runtime::Limits;
use runtime::wasm::End;
use tests::assert_kind;

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
