//! The main races in the mode without `membarrier`, where callers fence for themselves and the light barrier is nothing.

use super::loom_frames::{frame_taken_anew, frame_taken_anew_and_wait};
use super::loom_revoke::{call_and_revoke, watched_call_and_revoke};
use super::loom_wait::revoke_from_inside;
use super::model::{Mode, breaks, holds};
use crate::fault::Fault;

#[test]
fn target_is_dropped_once_and_idle_when_a_call_races() {
    holds("fenced call_and_revoke", || call_and_revoke(Mode::Fenced));
}

#[test]
fn result_is_withheld_after_the_revocation_returned() {
    holds("fenced watched_call_and_revoke", || {
        watched_call_and_revoke(Mode::Fenced);
    });
}

#[test]
fn frame_taken_for_another_scope_publishes_that_the_first_call_is_over() {
    holds("fenced frame_taken_anew_and_wait", || {
        frame_taken_anew_and_wait(Mode::Fenced);
    });
}

#[test]
fn revoking_from_inside_neither_deadlocks_nor_drops_early() {
    holds("fenced revoke_from_inside", || {
        revoke_from_inside(Mode::Fenced);
    });
}

/// Edit: no fence in `Scope::check_cold`. The scan misses the frame and the check misses the cut (I1).
#[test]
fn entry_fence_is_needed() {
    breaks(&[Fault::NoFencedEntry], "fenced call_and_revoke", || {
        call_and_revoke(Mode::Fenced);
    });
}

/// Edit: no fence in `Scope::leave_cold`. Revoker and caller each leave the target to the other (I4).
#[test]
fn exit_fence_is_needed() {
    breaks(&[Fault::NoFencedExit], "fenced call_and_revoke", || {
        call_and_revoke(Mode::Fenced);
    });
}

/// Edit: no fence in `barrier::heavy`: it serves this mode, too.
#[test]
fn fence_of_the_revoker_is_needed() {
    breaks(&[Fault::NoHeavyBarrier], "fenced call_and_revoke", || {
        call_and_revoke(Mode::Fenced);
    });
}

/// Edit: C1 in `Slot::publish` is `Relaxed`; see there.
#[test]
fn entry_must_release() {
    breaks(
        &[Fault::RelaxedEntry, Fault::NoFencedExit],
        "fenced frame_taken_anew",
        || frame_taken_anew(Mode::Fenced),
    );
}
