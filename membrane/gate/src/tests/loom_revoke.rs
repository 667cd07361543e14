//! Calls racing with the revocation that takes their target.

use super::model::{Mode, Side, breaks, holds, holds_with, spawn, spawn_registered};
use crate::fault::Fault;

/// One caller; the revoker waits, and then the target is gone.
pub(super) fn call_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    let caller = spawn(&side, |side| side.call(0));
    assert!(side.revoke());
    side.wait();
    caller.join().unwrap();
    side.assert_dropped();
}

/// One caller, nobody waits, and the target may never be freed: is it in use when it is?
fn call_and_sever() {
    let side = Side::new(Mode::Asymmetric, 1);
    let caller = spawn(&side, |side| side.call(0));
    assert!(side.revoke());
    caller.join().unwrap();
}

/// One caller, watched for what it is given after the revocation returned (I3), and with what reason it is refused.
pub(super) fn watched_call_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    let caller = spawn(&side, |side| side.watched_call());
    side.watched_revoke();
    caller.join().unwrap();
}

/// Two callers: one is inside cell 0 when the revoker and the other, of the last cell, start.
fn two_calls_and_revoke(cells: usize) {
    let side = Side::new(Mode::Asymmetric, cells);
    let mut others = Vec::new();
    let _ = side.cells[0].call(|_| {
        others.push(spawn_registered(&side, move |side| side.call(cells - 1)));
        others.push(spawn(&side, |side| assert!(side.revoke())));
    });
    for other in others {
        other.join().unwrap();
    }
    side.assert_dropped();
}

#[test]
fn target_is_dropped_once_and_idle_when_a_call_races() {
    holds("call_and_revoke", || call_and_revoke(Mode::Asymmetric));
}

#[test]
fn result_is_withheld_after_the_revocation_returned() {
    holds("watched_call_and_revoke", || {
        watched_call_and_revoke(Mode::Asymmetric);
    });
}

#[test]
fn target_is_dropped_by_the_last_of_two_callers() {
    holds("two_calls_and_revoke", || two_calls_and_revoke(1));
}

#[test]
fn targets_of_one_scope_are_dropped_each_when_idle() {
    holds("two_cells_and_revoke", || two_calls_and_revoke(2));
}

/// Safety does not rest on E2, which loom takes for a full fence: that must not hide a weak ordering elsewhere.
#[test]
fn target_is_idle_when_dropped_even_without_the_exit_barrier() {
    holds_with(&[Fault::NoExitBarrier], "call_and_sever", call_and_sever);
}

/// Edit: no `barrier::light()` in `Scope::check`. The scan misses the frame and the check misses the cut (I1).
#[test]
fn entry_barrier_is_needed() {
    breaks(&[Fault::NoEntryBarrier], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: `barrier::heavy` does nothing. As above (I2).
#[test]
fn heavy_barrier_is_needed() {
    breaks(&[Fault::NoHeavyBarrier], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: no `barrier::light()` in `Scope::leave`. Revoker and caller each leave the target to the other (I4).
#[test]
fn exit_barrier_is_needed() {
    breaks(&[Fault::NoExitBarrier], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: `Scope::leave` returns `true`. Nobody frees what the revoker found busy (I4), and the result goes out (I3).
#[test]
fn exit_check_is_needed() {
    breaks(&[Fault::NoExitCheck], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
    breaks(&[Fault::NoExitCheck], "watched_call_and_revoke", || {
        watched_call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: E1 in `Slot::clear` is `Relaxed`. The call's use of the target does not happen before the drop.
#[test]
fn exit_must_release() {
    breaks(&[Fault::RelaxedExit], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: `frames::in_use` loads with `Relaxed`. As above.
#[test]
fn scan_must_acquire() {
    breaks(&[Fault::RelaxedScan], "call_and_revoke", || {
        call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: `Scope::cut` exchanges with `Relaxed`. A refused caller sees the cut without its reason.
#[test]
fn cut_must_release() {
    breaks(&[Fault::RelaxedCut], "watched_call_and_revoke", || {
        watched_call_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: the list of busy cells is filled before the barrier, and `Scope::reap` does not ask whether that has run (I2).
/// The first caller to leave then scans without the revoker's fence, and misses the second.
#[test]
fn leaving_caller_must_not_free_before_the_barrier() {
    breaks(&[Fault::EarlyReap], "two_calls_and_revoke", || {
        two_calls_and_revoke(1);
    });
}
