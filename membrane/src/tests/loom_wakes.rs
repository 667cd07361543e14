//! Callers that wait, and are woken by the target or by a revocation on another thread.

use super::model::{Shared, Slot, Tally, breaks, holds, membrane, spawn};
use crate::crossing::Crossing;
use crate::direction::Direction;
use crate::error::Error;
use crate::fault::Fault;
use crate::future::Boxed;
use crate::membrane_handle::Membrane;
use crate::passable::Passable;
use object_membrane_gate::sync::{AcqRel, Acquire, AtomicUsize, Mutex, Release, lock};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often the caller is woken.
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, AcqRel);
    }
}

/// What the target's future waits for: a flag, and the waker that was left there.
struct Bell {
    rung: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            rung: AtomicUsize::new(0),
            waker: Mutex::new(None),
        })
    }

    fn ring(&self) {
        self.rung.store(1, Release);
        // Bound, so that the lock is gone.
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Leaves the waker first, as every future does.
    fn poll(&self, waker: &Waker) -> Poll<Result<(), Error>> {
        *lock(&self.waker) = Some(waker.clone());
        if self.rung.load(Acquire) == 1 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

/// A future that crossed, and its one caller.
struct Waiting {
    membrane: Membrane,
    bell: Arc<Bell>,
    tally: Arc<Tally>,
    woken: Arc<Woken>,
    future: Slot<Boxed<'static, (), Error>>,
}

/// Is counted when the target's future is dropped.
struct Counted(Arc<Tally>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.drop_ran();
    }
}

impl Waiting {
    fn new() -> Shared<Self> {
        let (membrane, bell, tally) = (membrane(), Bell::new(), Arc::<Tally>::default());
        let (ringing, counted) = (bell.clone(), Counted(tally.clone()));
        let future: Boxed<'static, (), Error> = Box::pin(std::future::poll_fn(move |context| {
            let _ = &counted;
            ringing.poll(context.waker())
        }));
        let crossing = Crossing::new(&membrane.0, Direction::Outbound, 0);
        let future = future.pass(&crossing).expect("live");
        Shared::new(Self {
            membrane,
            bell,
            tally,
            woken: Arc::new(Woken(AtomicUsize::new(0))),
            future: Slot::of(future),
        })
    }

    /// Polls as an executor does: again only when woken since. Gives the outcome, or the future to wait with.
    fn poll(&self, times: usize) -> Option<Result<(), Error>> {
        let mut future = self.future.take().expect("put back below");
        let waker = Waker::from(self.woken.clone());
        let mut seen = 0;
        for _ in 0..times {
            let mut context = Context::from_waker(&waker);
            if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return Some(result);
            }
            let woken = self.woken.0.load(Acquire);
            if woken == seen {
                break;
            }
            seen = woken;
        }
        self.future.put(future);
        None
    }

    /// After everybody is done: whoever still waits has been woken, and finds out.
    fn settle(&self, outcome: Option<Result<(), Error>>) -> Result<(), Error> {
        outcome.unwrap_or_else(|| {
            assert!(
                self.woken.0.load(Acquire) > 0,
                "the caller waits, and nobody has woken it"
            );
            let future = self.poll(1);
            future.expect("it was woken for something")
        })
    }
}

type Outcome = Slot<Option<Result<(), Error>>>;

fn poller(waiting: &Shared<Waiting>) -> (loom::thread::JoinHandle<()>, Arc<Outcome>) {
    let outcome: Arc<Outcome> = Arc::default();
    let told = outcome.clone();
    let thread = spawn(waiting, move |waiting| told.put(waiting.poll(2)));
    (thread, outcome)
}

fn assert_race(result: Result<(), Error>) {
    let reason = result.expect_err("nobody rang").reason();
    assert_eq!(reason.map(crate::Reason::as_str), Some("race"));
}

/// One thread polls; another revokes.
fn poll_and_revoke() {
    let waiting = Waiting::new();
    let (caller, outcome) = poller(&waiting);
    waiting.membrane.revoke("race");
    caller.join().unwrap();
    let outcome = outcome.take().expect("polled");
    // Dropped by the revoker, or at the end of the poll; not with the caller's.
    waiting.tally.assert_dropped();
    assert_race(waiting.settle(outcome));
}

/// One thread polls; another rings: the wake-up of the target reaches the caller.
fn poll_and_ring() {
    let waiting = Waiting::new();
    let (caller, outcome) = poller(&waiting);
    waiting.bell.ring();
    caller.join().unwrap();
    let outcome = outcome.take().expect("polled");
    assert_eq!(waiting.settle(outcome), Ok(()));
    waiting.tally.assert_dropped();
}

/// One thread polls, one rings and one revokes.
fn poll_and_ring_and_revoke() {
    let waiting = Waiting::new();
    let (caller, outcome) = poller(&waiting);
    let ringing = spawn(&waiting, |waiting| waiting.bell.ring());
    waiting.membrane.revoke("race");
    caller.join().unwrap();
    ringing.join().unwrap();
    let outcome = outcome.take().expect("polled");
    waiting.tally.assert_dropped();
    if let Err(error) = waiting.settle(outcome) {
        assert_race(Err(error));
    }
}

#[test]
fn waiting_caller_is_woken_by_a_revocation() {
    holds("poll_and_revoke", poll_and_revoke);
}

#[test]
fn waiting_caller_is_woken_by_the_target() {
    holds("poll_and_ring", poll_and_ring);
}

#[test]
fn waiting_caller_is_woken_whoever_comes_first() {
    holds("poll_and_ring_and_revoke", poll_and_ring_and_revoke);
}

/// Edit: the caller leaves its waker after it polled. What happens in between wakes nobody.
#[test]
fn model_breaks_when_the_waker_is_left_after_the_poll() {
    breaks(Fault::LateWaker, "poll_and_revoke", poll_and_revoke);
    breaks(Fault::LateWaker, "poll_and_ring", poll_and_ring);
}

/// Edit: in `revoke`, whoever waits is woken before the cut. Whoever polls in between waits for ever.
#[test]
fn model_breaks_when_callers_are_woken_before_the_cut() {
    breaks(Fault::EarlyWake, "poll_and_revoke", poll_and_revoke);
}
