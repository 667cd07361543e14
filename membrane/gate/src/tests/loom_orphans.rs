//! Threads that are ending, and the frames that they share: one, under loom.

use super::model::{Mode, Side, holds, spawn};
use crate::frames::end_thread;
use crate::{Refusal, depth};

/// An ending thread calls; the revoker waits, and then the target is gone.
fn call_at_the_end_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    let caller = spawn(&side, |side| {
        end_thread();
        side.call(0);
    });
    assert!(side.revoke());
    side.wait();
    caller.join().unwrap();
    side.assert_dropped();
}

/// A call, in which this thread is inside of one and after which of none, whatever others do with the frame. Or there is no
/// frame to be had.
fn call_counted(side: &Side) {
    match side.cells[0].call(|_| assert_eq!(depth(), 1)) {
        Ok(()) => {}
        Err(refusal) => assert_eq!(refusal, Refusal::TooDeep),
    }
    assert_eq!(depth(), 0, "the call of another");
}

/// Two ending threads call, and look at what they are inside of.
fn two_calls_at_the_end() {
    let side = Side::new(Mode::Asymmetric, 1);
    let other = spawn(&side, |side| {
        end_thread();
        call_counted(side);
    });
    end_thread();
    call_counted(&side);
    other.join().unwrap();
    side.tallies[0].assert_alive();
}

/// An ending thread calls and then revokes, while another calls: by the same frame.
fn two_calls_at_the_end_and_revoke() {
    let side = Side::new(Mode::Asymmetric, 1);
    let other = spawn(&side, |side| {
        end_thread();
        side.call(0);
    });
    end_thread();
    side.call(0);
    assert!(side.revoke());
    other.join().unwrap();
    side.assert_dropped();
}

#[test]
fn target_is_dropped_once_and_idle_when_an_ending_thread_calls() {
    for mode in [Mode::Asymmetric, Mode::Fenced] {
        holds("call_at_the_end_and_revoke", move || {
            call_at_the_end_and_revoke(mode);
        });
    }
}

/// Edits that make it fail: `frames::mine` counts a frame that is claimed and not published yet, and still names its last owner;
/// it looks with `Relaxed`; `frames::orphan` claims with `Relaxed`.
#[test]
fn ending_threads_are_inside_of_their_own_calls_only() {
    holds("two_calls_at_the_end", two_calls_at_the_end);
}

#[test]
fn target_is_dropped_once_and_idle_when_ending_threads_share_a_frame() {
    holds(
        "two_calls_at_the_end_and_revoke",
        two_calls_at_the_end_and_revoke,
    );
}
