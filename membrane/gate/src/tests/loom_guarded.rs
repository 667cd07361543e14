//! Guarded scopes: calls that are admitted, and the guard itself, racing with the revocation.

use super::model::{Mode, Shared, Side, breaks, holds, spawn, spawn_registered};
use crate::fault::Fault;
use crate::sync::{AcqRel, Acquire, AtomicUsize, Release, UnsafeCell};
use crate::{Admission, Pass, Refusal};
use std::sync::Mutex;

/// One caller in a scope that was guarded before; the revoker waits, and then the target is gone.
fn guarded_call_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    side.scope.guard();
    let caller = spawn(&side, |side| side.call(0));
    assert!(side.revoke());
    side.wait();
    caller.join().unwrap();
    side.assert_dropped();
}

/// The same, watched for what it is given after the revocation returned.
fn watched_guarded_call_and_revoke(mode: Mode) {
    let side = Side::new(mode, 1);
    side.scope.guard();
    let caller = spawn(&side, |side| side.watched_call());
    side.watched_revoke();
    caller.join().unwrap();
}

/// One thread guards, or lifts the guard; another revokes. The cut stays.
fn turn_and_revoke(guarded: bool) {
    let side = Side::new(Mode::Asymmetric, 1);
    if guarded {
        side.scope.guard();
    }
    let other = spawn(&side, move |side| {
        if guarded {
            side.scope.unguard();
        } else {
            side.scope.guard();
        }
    });
    assert!(side.revoke());
    other.join().unwrap();
    assert!(side.scope.is_revoked(), "a guard undid the cut");
    assert!(side.cells[0].call(|_| {}).is_err());
    side.assert_dropped();
}

/// A call begins while one thread guards and another revokes.
fn call_and_turn_and_revoke() {
    let side = Side::new(Mode::Asymmetric, 1);
    let caller = spawn_registered(&side, |side| side.call(0));
    let other = spawn(&side, |side| {
        side.scope.guard();
        side.scope.unguard();
    });
    assert!(side.revoke());
    caller.join().unwrap();
    other.join().unwrap();
    side.assert_dropped();
}

/// What decides about admission, put in place before the guard. Written without an order of its own.
struct Decided {
    side: Shared<Side>,
    no: UnsafeCell<bool>,
    guarded: AtomicUsize,
    entered: Mutex<bool>,
}

// SAFETY: `no` is written before the guard and read after it was seen: what the model is here to show, and what loom checks.
unsafe impl Sync for Decided {}

/// Asks [`Decided::no`].
struct Asked<'a>(&'a Decided);

/// Whether the call may go ahead.
struct Ticket(bool);

impl Pass for Ticket {
    fn end(self, _: Option<Refusal>) {}
}

impl Admission<super::model::Target, (), Refusal> for Asked<'_> {
    type Pass = Ticket;

    fn turned_away(&self, _: u32, refusal: Refusal) -> Refusal {
        refusal
    }

    fn admit(&self, _: u32) -> Ticket {
        // SAFETY: a read for the duration of the closure; loom checks that nobody writes.
        Ticket(!self.0.no.with(|no| unsafe { *no }))
    }

    fn run(self, _: &super::model::Target, pass: Option<&Ticket>) -> Result<(), Refusal> {
        if let Some(Ticket(false)) = pass {
            return Err(Refusal::TooDeep);
        }
        *self.0.entered.lock().unwrap() = pass.is_none();
        Ok(())
    }
}

/// One thread decides against all calls and guards; another calls. A call that starts after that is asked, and sees it.
fn guard_and_call() {
    let decided = Shared::new(Decided {
        side: Side::new(Mode::Asymmetric, 1),
        no: UnsafeCell::new(false),
        guarded: AtomicUsize::new(0),
        entered: Mutex::new(false),
    });
    let guarding = spawn(&decided, |decided| {
        // SAFETY: a write for the duration of the closure; loom checks that nobody reads.
        decided.no.with_mut(|no| unsafe { *no = true });
        decided.side.scope.guard();
        decided.guarded.store(1, Release);
    });
    let late = decided.guarded.load(Acquire) == 1;
    let cell = &decided.side.cells[0].0;
    let result = cell.call_admitted(0, Asked(&decided), |_, refusal| refusal);
    match result {
        Ok(()) => {
            assert!(
                *decided.entered.lock().unwrap(),
                "admitted against the decision"
            );
            assert!(!late, "not asked after the guard was up");
        }
        Err(refusal) => assert_eq!(refusal, Refusal::TooDeep, "asked without the decision"),
    }
    guarding.join().unwrap();
    // Loom's cells are dropped in order with their uses.
    decided.guarded.fetch_add(1, AcqRel);
}

#[test]
fn target_is_dropped_once_and_idle_when_a_guarded_call_races() {
    for mode in [Mode::Asymmetric, Mode::Fenced] {
        holds("guarded_call_and_revoke", move || {
            guarded_call_and_revoke(mode);
        });
    }
}

#[test]
fn result_of_a_guarded_call_is_withheld_after_the_revocation_returned() {
    for mode in [Mode::Asymmetric, Mode::Fenced] {
        holds("watched_guarded_call_and_revoke", move || {
            watched_guarded_call_and_revoke(mode);
        });
    }
}

#[test]
fn cut_outlasts_the_guard() {
    holds("guard_and_revoke", || turn_and_revoke(false));
    holds("unguard_and_revoke", || turn_and_revoke(true));
}

#[test]
fn target_is_dropped_once_and_idle_when_the_guard_races() {
    holds("call_and_turn_and_revoke", call_and_turn_and_revoke);
}

#[test]
fn call_after_the_guard_is_asked_and_sees_what_came_before() {
    holds("guard_and_call", guard_and_call);
}

/// Edit: no fence in `Scope::check_fenced`. The scan misses the frame of a guarded call, and the check misses the cut (I1).
#[test]
fn entry_fence_of_a_guarded_call_is_needed() {
    breaks(&[Fault::NoFencedEntry], "guarded_call_and_revoke", || {
        guarded_call_and_revoke(Mode::Fenced);
    });
}

/// Edit: no fence in `Scope::leave_cold`. Revoker and caller each leave the target to the other (I4).
#[test]
fn exit_fence_of_a_guarded_call_is_needed() {
    breaks(&[Fault::NoFencedExit], "guarded_call_and_revoke", || {
        guarded_call_and_revoke(Mode::Fenced);
    });
}

/// Edit: `Scope::turn` stores the state without a look at what it was.
#[test]
fn guard_must_not_undo_a_cut() {
    breaks(&[Fault::TurnUnseen], "guard_and_revoke", || {
        turn_and_revoke(false);
    });
    breaks(&[Fault::TurnUnseen], "unguard_and_revoke", || {
        turn_and_revoke(true);
    });
}

/// Edit: `Scope::turn` exchanges with `Relaxed`. A call is asked before what decides is in place.
#[test]
fn guard_must_release() {
    breaks(&[Fault::RelaxedTurn], "guard_and_call", guard_and_call);
}
