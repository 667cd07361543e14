//! How a call that waits ended is told once, whoever ends it: a poll, a caller that gives up, or a revocation.

use super::model::{Order, Shared, Slot, breaks, holds, let_go, membrane, spawn};
use crate::authority::{AuditEvent, AuditRecord, CallId, Outcome};
use crate::crossing::Crossing;
use crate::direction::Direction;
use crate::error::Error;
use crate::fault::Fault;
use crate::future::Boxed;
use crate::membrane_handle::Membrane;
use crate::passable::Passable;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Which call, and how it ended; or that it was let in and waits. Invisible to loom.
type Told = Arc<Mutex<Vec<(CallId, Option<Outcome>)>>>;

/// What the target's side polls. Its drop is ordered after the polls.
struct Answering {
    polls: u32,
    order: Order,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.order.one_less();
    }
}

/// A future that crossed, its one caller, and what was told of the call.
struct Race {
    membrane: Membrane,
    told: Told,
    order: Order,
    future: Slot<Boxed<'static, (), Error>>,
    result: Slot<Result<(), Error>>,
}

impl Race {
    /// A future that answers at the poll of this number, from one on.
    fn new(answers_at: u32) -> Shared<Self> {
        let (membrane, told, order) = (membrane(), Told::default(), Order::new());
        let telling = told.clone();
        membrane.audit(move |record: &AuditRecord<'_>| {
            let told = match record.event {
                AuditEvent::Admitted { call, .. } => (call, None),
                AuditEvent::Call(decision) => (decision.call, Some(decision.outcome)),
                _ => return,
            };
            telling.lock().unwrap().push(told);
        });
        let mut answering = Answering {
            polls: 0,
            order: order.clone(),
        };
        let future: Boxed<'static, (), Error> = Box::pin(std::future::poll_fn(move |_| {
            let answering = &mut answering;
            answering.polls += 1;
            if answering.polls == answers_at {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        }));
        let crossing = Crossing::new(&membrane.0, Direction::Outbound, 0);
        let future = future.pass(&crossing).expect("live");
        Shared::new(Self {
            membrane,
            told,
            order,
            future: Slot::of(future),
            result: Slot::default(),
        })
    }

    /// The same, of which the first poll is over.
    fn begun(answers_at: u32) -> Shared<Self> {
        let race = Self::new(answers_at);
        assert_eq!(race.poll(1), None);
        race
    }

    /// Polls until it is over, at most so often. The future stays where it was, as if its caller had forgotten it.
    fn poll(&self, times: u32) -> Option<Result<(), Error>> {
        let mut future = self.future.take().expect("put back below");
        let mut context = Context::from_waker(Waker::noop());
        let outcome = (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        });
        self.future.put(future);
        outcome
    }

    /// The caller gives up.
    fn give_up(&self) {
        let_go(self.future.take(), &self.membrane, &self.order);
    }

    /// How the call ended: told once, and that it was let in at most once, before.
    #[track_caller]
    fn outcome(&self) -> Outcome {
        let told = self.told.lock().unwrap().clone();
        match told[..] {
            [(_, Some(outcome))] => outcome,
            [(call, None), (over, Some(outcome))] if call == over => {
                let entered = !matches!(outcome, Outcome::Refused(_));
                assert!(entered, "it was let in: {told:?}");
                outcome
            }
            _ => panic!("told of one call: {told:?}"),
        }
    }
}

/// One thread polls, and forgets what it polled; another revokes. It never answers.
fn polls_and_revoke(polls: u32) {
    let race = Race::new(0);
    let caller = spawn(&race, move |race| {
        if let Some(result) = race.poll(polls) {
            assert!(result.expect_err("it never answers").is_revoked());
        }
    });
    race.membrane.revoke("race");
    caller.join().unwrap();
    // Before the caller's end is dropped, which the revoker cannot count on.
    let (Outcome::Refused(error) | Outcome::Withheld(error)) = race.outcome() else {
        panic!("it never answers, and nobody gave up");
    };
    assert!(error.is_revoked());
    drop(race.future.take());
    race.outcome();
}

/// One thread polls for the last time; another revokes.
fn last_poll_and_revoke() {
    let race = Race::begun(2);
    let caller = spawn(&race, |race| {
        race.result.put(race.poll(1).expect("it answers"));
    });
    race.membrane.revoke("race");
    caller.join().unwrap();
    // Whoever tells may do so a little later than the caller goes on.
    let told = match race.result.take().expect("put above") {
        Ok(()) => Outcome::Answered,
        Err(error) => Outcome::Withheld(error),
    };
    assert_eq!(race.outcome(), told);
}

/// One thread gives up; another revokes.
fn cancel_and_revoke() {
    let race = Race::begun(0);
    let caller = spawn(&race, |race| race.give_up());
    race.membrane.revoke("race");
    caller.join().unwrap();
    match race.outcome() {
        Outcome::GivenUp => {}
        Outcome::Withheld(error) => assert!(error.is_revoked()),
        outcome => panic!("{outcome:?}"),
    }
}

/// One thread polls once more and gives up; another revokes.
fn poll_and_cancel_and_revoke() {
    let race = Race::begun(0);
    let caller = spawn(&race, |race| {
        if let Some(result) = race.poll(1) {
            race.result.put(result);
        }
        race.give_up();
    });
    race.membrane.revoke("race");
    caller.join().unwrap();
    let told = race.outcome();
    if let Some(result) = race.result.take() {
        let error = result.expect_err("it never answers");
        assert_eq!(told, Outcome::Withheld(error));
    }
}

#[test]
fn outcome_is_told_once_when_a_revocation_races_with_polls() {
    holds("first_poll_and_revoke", || polls_and_revoke(1));
    holds("two_polls_and_revoke", || polls_and_revoke(2));
}

#[test]
fn outcome_that_is_told_is_the_callers() {
    holds("last_poll_and_revoke", last_poll_and_revoke);
}

#[test]
fn outcome_is_told_once_when_a_revocation_races_with_the_caller_who_gives_up() {
    holds("cancel_and_revoke", cancel_and_revoke);
    holds("poll_and_cancel_and_revoke", poll_and_cancel_and_revoke);
}

/// Edit: `Ongoing::keep` does not look whether an end is gone. What the poll leaves lies there, and nobody ends it.
#[test]
fn what_is_left_after_an_end_is_gone_must_be_over() {
    breaks(Fault::KeptAfterTheEnd, "first_poll_and_revoke", || {
        polls_and_revoke(1);
    });
}

/// Edit: `call_polled` turns a call away that was let in, as one that was not. It is told twice how it ended.
#[test]
fn call_that_was_let_in_must_not_be_turned_away() {
    breaks(Fault::ToldApart, "two_polls_and_revoke", || {
        polls_and_revoke(2);
    });
    breaks(
        Fault::ToldApart,
        "last_poll_and_revoke",
        last_poll_and_revoke,
    );
}
