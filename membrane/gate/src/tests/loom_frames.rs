//! The revoker's scan racing with what a thread does to its frames.

use super::model::{Mode, Shared, Side, breaks, holds, holds_with, spawn, spawn_registered};
use crate::fault::Fault;

/// A thread calls a cell of the scope that is severed, then one of another: the same frame, taken anew.
pub(super) fn frame_taken_anew(mode: Mode) {
    let sides = Shared::new([Side::new(mode, 1), Side::new(mode, 1)]);
    let caller = spawn_registered(&sides, |sides| {
        sides[0].call(0);
        assert!(sides[1].cells[0].call(|_| {}).is_ok());
    });
    assert!(sides[0].revoke());
    caller.join().unwrap();
    sides[1].tallies[0].assert_alive();
}

/// The same, and the revoker waits.
pub(super) fn frame_taken_anew_and_wait(mode: Mode) {
    let sides = Shared::new([Side::new(mode, 1), Side::new(mode, 1)]);
    let caller = spawn_registered(&sides, |sides| {
        sides[0].call(0);
        assert!(sides[1].cells[0].call(|_| {}).is_ok());
    });
    assert!(sides[0].revoke());
    sides[0].wait();
    caller.join().unwrap();
    sides[1].tallies[0].assert_alive();
}

/// A call inside as many as a thread has frames for at first: the next one needs another chunk, which the scan must see.
fn nested_call(wait: bool) {
    let sides = Shared::new([
        Side::new(Mode::Asymmetric, 1),
        Side::new(Mode::Asymmetric, 1),
    ]);
    let caller = spawn_registered(&sides, |sides| {
        let outer = sides[1].cells[0].call(|_| {
            let middle = sides[1].cells[0].call(|_| {
                assert_eq!(crate::depth(), super::super::frames::HEAD);
                sides[0].call(0);
            });
            assert!(middle.is_ok());
        });
        assert!(outer.is_ok());
    });
    assert!(sides[0].revoke());
    if wait {
        sides[0].wait();
    }
    caller.join().unwrap();
    sides[0].assert_dropped();
    sides[1].tallies[0].assert_alive();
}

/// Two calls, one inside the other, of one cell: it is idle when both have left.
fn nested_call_of_the_same_cell() {
    let side = Side::new(Mode::Asymmetric, 1);
    let caller = spawn(&side, |side| {
        let _ = side.cells[0].call(|target| {
            side.call(0);
            target.visit();
        });
    });
    assert!(side.revoke());
    side.wait();
    caller.join().unwrap();
}

#[test]
fn frame_taken_for_another_scope_publishes_that_the_first_call_is_over() {
    holds("frame_taken_anew_and_wait", || {
        frame_taken_anew_and_wait(Mode::Asymmetric);
    });
    // Loom takes E2 for a full fence, which would stand in for the release at C1.
    holds_with(&[Fault::NoExitBarrier], "frame_taken_anew", || {
        frame_taken_anew(Mode::Asymmetric);
    });
}

#[test]
fn frame_in_a_new_chunk_is_seen_by_the_scan() {
    holds("nested_call", || nested_call(true));
}

#[test]
fn cell_is_idle_when_the_outer_of_two_calls_has_left() {
    holds("nested_call_of_the_same_cell", nested_call_of_the_same_cell);
}

/// Edit: C1 in `Slot::publish` is `Relaxed`. A scan that sees the second call does not see the first one's use as over.
#[test]
fn entry_must_release() {
    breaks(
        &[Fault::RelaxedEntry, Fault::NoExitBarrier],
        "frame_taken_anew",
        || frame_taken_anew(Mode::Asymmetric),
    );
}

/// Edit: `Frames::beyond` links a chunk with `Relaxed`. The scan may see the chunk, and not its contents.
#[test]
fn link_must_release() {
    breaks(&[Fault::RelaxedLink], "nested_call", || nested_call(false));
}

/// Edit: no `barrier::light()` in `Scope::check`: the frame in the chunk is missed as one in the head is.
#[test]
fn entry_barrier_is_needed_in_a_chunk() {
    breaks(&[Fault::NoEntryBarrier], "nested_call", || {
        nested_call(false);
    });
}
