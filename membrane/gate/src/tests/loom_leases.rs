//! Holds, and calls without frames, racing with the revocation that waits for them.

use super::model::{Mode, Shared, Side, Target, breaks, holds, spawn};
use crate::fault::Fault;
use crate::{Hold, Kept, Refusal, Scope, WaitFailure};
use loom::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};

/// A hold and its share, as a thread of a model has them: forgotten by a thread that fails.
struct Lease(std::mem::ManuallyDrop<(Kept<Target, ()>, Hold<()>)>);

impl Lease {
    fn of(side: &Side) -> Option<Self> {
        let (hold, target) = side.cells[0].0.hold()?;
        Some(Self(std::mem::ManuallyDrop::new((
            Kept::new(&hold, target),
            hold,
        ))))
    }

    /// Visits the target; what was seen inside, if that goes out.
    fn call<R>(&self, seen: impl Fn() -> R) -> Result<R, Refusal> {
        let mut visited = false;
        let result = self.0.0.call(
            |target| {
                target.visit();
                visited = true;
                Ok(seen())
            },
            |_: &Scope<()>, refusal| refusal,
        );
        assert!(visited, "used while it was dropped");
        result
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: each is dropped here only, and not used after: first the share (I7).
            unsafe {
                std::ptr::drop_in_place(&raw mut self.0.0);
            }
            // SAFETY: as above.
            unsafe {
                std::ptr::drop_in_place(&raw mut self.0.1);
            }
        }
    }
}

/// A thread takes a hold, calls and lets go; the revoker waits, and then the target is gone, once.
fn hold_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    let holder = spawn(&side, |side| {
        if let Some(lease) = Lease::of(side) {
            let _ = lease.call(|| ());
        }
    });
    assert!(side.revoke());
    side.wait();
    holder.join().unwrap();
    side.assert_dropped();
}

/// The hold is there already; its holder lets go while another thread revokes, and a third waits.
fn leave_and_revoke_and_wait(mode: Mode) {
    let side = Side::new(mode, 1);
    let lease = Lease::of(&side).expect("live");
    let revoker = spawn(&side, |side| assert!(side.revoke()));
    let waiter = spawn(&side, |side| side.wait());
    drop(lease);
    revoker.join().unwrap();
    waiter.join().unwrap();
    side.assert_dropped();
}

/// Two holders of one cell, one of whom comes while the revoker is at it.
fn two_holds_and_revoke() {
    let side = Side::new(Mode::Asymmetric, 1);
    let lease = Lease::of(&side).expect("live");
    let other = spawn(&side, |side| {
        if let Some(lease) = Lease::of(side) {
            let _ = lease.call(|| ());
        }
    });
    let revoker = spawn(&side, |side| assert!(side.revoke()));
    let _ = lease.call(|| ());
    drop(lease);
    other.join().unwrap();
    revoker.join().unwrap();
    side.assert_dropped();
}

/// A hold beside an ordinary call of the same cell.
fn hold_and_call_and_revoke() {
    let side = Side::new(Mode::Asymmetric, 1);
    let lease = Lease::of(&side).expect("live");
    let caller = spawn(&side, |side| side.call(0));
    let revoker = spawn(&side, |side| assert!(side.revoke()));
    drop(lease);
    caller.join().unwrap();
    revoker.join().unwrap();
    side.assert_dropped();
}

/// What a call without a frame returns must not be delivered if the revocation had returned by then (I3).
fn watched_hold_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    let severed = Shared::new(AtomicBool::new(false));
    let lease = Lease::of(&side).expect("live");
    let revoker = {
        let severed = severed.clone();
        spawn(&side, move |side| {
            assert!(side.revoke());
            severed.store(true, Release);
        })
    };
    match lease.call(|| severed.load(Acquire)) {
        Ok(late) => assert!(!late, "delivered after the revocation returned"),
        Err(refusal) => assert_eq!(refusal, Refusal::Revoked),
    }
    drop(lease);
    revoker.join().unwrap();
    side.assert_dropped();
}

/// The holder waits while another thread revokes: it must not wait for itself.
fn wait_with_a_hold() {
    let side = Side::new(Mode::Asymmetric, 1);
    let lease = Lease::of(&side).expect("live");
    let revoker = spawn(&side, |side| assert!(side.revoke()));
    assert!(matches!(side.scope.wait(None), Err(WaitFailure::Inside)));
    drop(lease);
    revoker.join().unwrap();
    side.assert_dropped();
}

#[test]
fn held_target_is_dropped_once_and_after_the_hold() {
    for (name, mode) in [
        ("hold_and_revoke", Mode::Asymmetric),
        ("fenced hold_and_revoke", Mode::Fenced),
    ] {
        holds(name, move || hold_and_revoke(mode));
    }
}

#[test]
fn waiter_is_woken_when_the_holder_lets_go() {
    holds("leave_and_revoke_and_wait", || {
        leave_and_revoke_and_wait(Mode::Asymmetric)
    });
    holds("fenced leave_and_revoke_and_wait", || {
        leave_and_revoke_and_wait(Mode::Fenced)
    });
}

#[test]
fn target_is_dropped_by_the_last_of_two_holders() {
    holds("two_holds_and_revoke", two_holds_and_revoke);
}

#[test]
fn target_is_dropped_by_the_last_of_holder_and_caller() {
    holds("hold_and_call_and_revoke", hold_and_call_and_revoke);
}

#[test]
fn result_of_a_call_without_a_frame_is_withheld_after_the_revocation_returned() {
    holds("watched_hold_and_revoke", || {
        watched_hold_and_revoke(Mode::Asymmetric)
    });
    holds("fenced watched_hold_and_revoke", || {
        watched_hold_and_revoke(Mode::Fenced)
    });
}

#[test]
fn holder_is_refused_to_wait_for_itself() {
    holds("wait_with_a_hold", wait_with_a_hold);
}

/// Edit: `Hold::new` lists nothing (H1). The waiter wakes while the target is held.
#[test]
fn hold_must_be_listed() {
    breaks(&[Fault::UnlistedHold], "hold_and_revoke", || {
        hold_and_revoke(Mode::Asymmetric)
    });
}

/// Edit: `Cell::hold` does not look at the state after H1. It shares a target that the pass is dropping (I1).
#[test]
fn hold_must_look_again() {
    breaks(&[Fault::UncheckedHold], "hold_and_revoke", || {
        hold_and_revoke(Mode::Asymmetric)
    });
}

/// Edit: `Scope::stays_open` says yes. The result goes out (I3).
#[test]
fn call_without_a_frame_must_look_after_it() {
    breaks(&[Fault::UncheckedKept], "watched_hold_and_revoke", || {
        watched_hold_and_revoke(Mode::Asymmetric);
    });
}

/// Edit: the drop of a `Hold` does not end in `Scope::leave` (R3). Nobody frees what the revoker found held (I4).
#[test]
fn end_of_a_hold_must_look_for_the_cut() {
    breaks(&[Fault::NoExitCheck], "leave_and_revoke_and_wait", || {
        leave_and_revoke_and_wait(Mode::Asymmetric);
    });
}

/// Edit: the hold is dropped before the share (I7). The waiter wakes before the target is dropped.
#[test]
fn share_must_be_dropped_before_the_hold() {
    breaks(&[], "leave_in_the_wrong_order", || {
        let side = Side::new(Mode::Asymmetric, 1);
        let (hold, target) = side.cells[0].0.hold().expect("live");
        let kept = Shared::new(Kept::new(&hold, target));
        let waiter = spawn(&side, |side| {
            assert!(side.revoke());
            side.wait();
        });
        drop(hold);
        drop(kept);
        waiter.join().unwrap();
    });
}
