//! The waiter (I6).

use super::model::{Mode, Side, breaks, holds, spawn, weak};
use crate::fault::Fault;
use crate::{drop_flat, sever};

/// The only holder is dead and took its target along: the revoker's pass finds nothing to free.
fn wait_for_nothing() {
    let side = Side::new(Mode::Asymmetric, 0);
    let dead = {
        let side = Side::new(Mode::Asymmetric, 1);
        weak(&side.cells[0])
    };
    let waiter = spawn(&side, |side| side.wait());
    sever(vec![side.scope.cut(0).expect("cut once")], |_| {
        vec![dead.clone()]
    });
    waiter.join().unwrap();
}

/// An idle cell: the waiter must not wake before its target is dropped.
fn wait_for_an_idle_cell() {
    let side = Side::new(Mode::Asymmetric, 1);
    let waiter = spawn(&side, |side| side.wait());
    assert!(side.revoke());
    waiter.join().unwrap();
    side.assert_dropped();
}

/// A waiter beside the revoker, and a caller.
fn wait_for_a_caller() {
    let side = Side::new(Mode::Asymmetric, 1);
    let caller = spawn(&side, |side| side.call(0));
    let waiter = spawn(&side, |side| side.wait());
    assert!(side.revoke());
    caller.join().unwrap();
    waiter.join().unwrap();
    side.assert_dropped();
}

/// Two revokers and a waiter: one cut, one drop.
fn two_revokers_and_a_waiter() {
    let side = Side::new(Mode::Asymmetric, 1);
    let cuts = loom::sync::Arc::new(loom::sync::atomic::AtomicUsize::new(0));
    let other = {
        let cuts = cuts.clone();
        spawn(&side, move |side| {
            cuts.fetch_add(
                usize::from(side.revoke()),
                std::sync::atomic::Ordering::Relaxed,
            );
        })
    };
    let waiter = spawn(&side, |side| side.wait());
    cuts.fetch_add(
        usize::from(side.revoke()),
        std::sync::atomic::Ordering::Relaxed,
    );
    assert!(
        side.scope.is_revoked(),
        "also when the other revoker's cut came first"
    );
    other.join().unwrap();
    waiter.join().unwrap();
    assert_eq!(cuts.load(std::sync::atomic::Ordering::Relaxed), 1);
    side.assert_dropped();
}

/// A caller that revokes from inside, waits in vain, is refused, and frees the target as it leaves; another calls, too.
pub(super) fn revoke_from_inside(mode: Mode) {
    let side = Side::new(mode, 1);
    let caller = spawn(&side, |side| side.call(0));
    let result = side.cells[0].call(|target| {
        assert!(side.revoke());
        side.assert_inside();
        assert!(side.cells[0].call(|_| {}).is_err());
        side.tallies[0].assert_alive();
        target.visit();
    });
    assert!(result.is_err());
    caller.join().unwrap();
    side.assert_dropped();
}

/// A caller that waits from inside while another thread revokes.
fn wait_from_inside_while_another_revokes() {
    let side = Side::new(Mode::Asymmetric, 1);
    let revoker = spawn(&side, |side| assert!(side.revoke()));
    let _ = side.cells[0].call(|target| {
        side.assert_inside();
        target.visit();
    });
    revoker.join().unwrap();
    side.assert_dropped();
}

/// A thread revokes inside so many drops that the target's is put off; another waits.
fn put_off_and_wait() {
    let side = Side::new(Mode::Asymmetric, 1);
    let dropper = spawn(&side, |side| {
        let revoke = {
            let side = side.clone();
            move || {
                assert!(side.revoke());
                // The waiter may have been the one to free it.
                if side.scope.wait(None).is_ok() {
                    side.assert_dropped();
                }
            }
        };
        drop_flat(OnDrop(Some(|| drop_flat(OnDrop(Some(revoke))))));
        side.wait();
    });
    side.wait();
    dropper.join().unwrap();
}

/// Runs when dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

#[test]
fn waiter_waits_for_what_was_put_off() {
    holds("put_off_and_wait", put_off_and_wait);
}

/// Edit: `reap` counts a target that was put off as freed.
#[test]
fn put_off_target_must_be_counted() {
    breaks(&[Fault::ForgetPutOff], "put_off_and_wait", put_off_and_wait);
}

#[test]
fn waiter_is_woken_when_there_is_nothing_to_free() {
    holds("wait_for_nothing", wait_for_nothing);
}

#[test]
fn waiter_is_woken_after_an_idle_target_was_dropped() {
    holds("wait_for_an_idle_cell", wait_for_an_idle_cell);
}

#[test]
fn waiter_is_woken_when_the_last_caller_leaves() {
    holds("wait_for_a_caller", wait_for_a_caller);
}

#[test]
fn one_of_two_revokers_cuts_and_the_waiter_is_woken() {
    holds("two_revokers_and_a_waiter", two_revokers_and_a_waiter);
}

#[test]
fn revoking_from_inside_neither_deadlocks_nor_drops_early() {
    holds("revoke_from_inside", || {
        revoke_from_inside(Mode::Asymmetric);
    });
}

#[test]
fn waiting_from_inside_is_refused_when_another_thread_revokes() {
    holds(
        "wait_from_inside_while_another_revokes",
        wait_from_inside_while_another_revokes,
    );
}

/// Edit: `note_if_drained` does not notify. Who sleeps while a call runs is not woken when it ends.
#[test]
fn last_caller_to_leave_must_notify() {
    breaks(
        &[Fault::NoDrainNotify],
        "wait_for_a_caller",
        wait_for_a_caller,
    );
}

/// Edit: `isolate` sets `fenced` and does not notify. A waiter that slept by then is never told that it is inside.
#[test]
fn barrier_must_wake_a_waiter_who_is_inside() {
    breaks(
        &[Fault::NoFenceNotify],
        "wait_from_inside_while_another_revokes",
        wait_from_inside_while_another_revokes,
    );
}
