//! An audit hook hears once that a call was let in, if it waits, and once how it ended, when that has happened.

#[path = "audit/carried.rs"]
mod carried;
#[path = "audit/hooks.rs"]
mod hooks;

use crate::executors::{block_on, poll_idly};
use crate::library::{House, Library, lending, policy};
use membrane::AuditEvent::{Admitted, Call};
use membrane::{
    AuditRecord, Clock, Conditions, Error, ErrorKind, ManualClock, Membrane, OnPanic, Outcome,
    Policy, allow, interface, rule,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tests::{Census, assert_kind, assert_revoked, keep_for_ever};

/// What is told of calls: the method, and how the call ended. `None` for one that was let in and waits.
type Told = (&'static str, Option<Outcome>);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Told, Duration)>>>);

impl Log {
    fn of(membrane: &Membrane) -> Self {
        let log = Self::default();
        let told = log.0.clone();
        membrane.audit(move |record: &AuditRecord<'_>| {
            let event = match record.event {
                Call(decision) => ((decision.method, Some(decision.outcome)), decision.took),
                Admitted { method, .. } => ((method, None), Duration::ZERO),
                _ => return,
            };
            told.lock().unwrap().push(event);
        });
        log
    }

    fn take(&self) -> Vec<Told> {
        self.timed().into_iter().map(|(told, _)| told).collect()
    }

    fn timed(&self) -> Vec<(Told, Duration)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

const ANSWERED: Option<Outcome> = Some(Outcome::Answered);

fn refused(kind: ErrorKind) -> Outcome {
    Outcome::Refused(kind.into())
}

fn withheld(kind: ErrorKind) -> Outcome {
    Outcome::Withheld(kind.into())
}

/// Answers with what it is made of, at the second poll.
struct Later<F>(F, bool);

fn later<R, F: FnMut() -> R + Unpin>(answer: F) -> Later<F> {
    Later(answer, false)
}

impl<R, F: FnMut() -> R + Unpin> Future for Later<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        if std::mem::replace(&mut self.1, true) {
            return Poll::Ready((self.0)());
        }
        Poll::Pending
    }
}

#[interface]
trait Oracle {
    async fn ask(&self) -> Result<u64, Error>;
    fn future(&self) -> Result<Asked, Error>;
}

type Asked = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;
type Answer = dyn Fn() -> Result<u64, Error> + Send + Sync;

/// Answers at the second poll.
struct Delphi(Arc<Answer>);

#[interface]
impl Oracle for Delphi {
    async fn ask(&self) -> Result<u64, Error> {
        let answer = self.0.clone();
        later(move || answer()).await
    }

    fn future(&self) -> Result<Asked, Error> {
        let answer = self.0.clone();
        Ok(Box::pin(later(move || answer())))
    }
}

fn oracle(answer: impl Fn() -> Result<u64, Error> + Send + Sync + 'static) -> Arc<dyn Oracle> {
    Arc::new(Delphi(Arc::new(answer)))
}

fn oracles() -> membrane::PolicyBuilder {
    Policy::builder().inbound(allow!(dyn Oracle: ask, future))
}

/// Asks; then something happens; then the answer is fetched. Gives what the caller got, and what was told from the start of
/// the first poll to its end, and then until the future is gone.
fn asked(
    membrane: &Membrane,
    lent: &Arc<dyn Oracle>,
    between: impl FnOnce(),
) -> (Result<u64, Error>, Vec<Told>) {
    let log = Log::of(membrane);
    let mut waiting = lent.ask();
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!(log.take(), [("ask", None)], "it is not over");
    between();
    let Poll::Ready(result) = poll_idly(&mut waiting) else {
        panic!("it answers at the second poll");
    };
    drop(waiting);
    (result, log.take())
}

/// Fails if the first poll tells the outcome, or a later one does not.
#[test]
fn outcome_is_that_of_the_last_poll() {
    let membrane = || Membrane::new(oracles().build().unwrap());
    let wrap = |membrane: &Membrane, answer| membrane.wrap(answer).unwrap();

    let plain = membrane();
    let lent = wrap(&plain, oracle(|| Ok(1)));
    let (result, told) = asked(&plain, &lent, || ());
    assert_eq!((result, told), (Ok(1), vec![("ask", ANSWERED)]));

    let lent = wrap(&plain, oracle(|| Err(ErrorKind::Failed.into())));
    let (result, told) = asked(&plain, &lent, || ());
    assert_kind(result, ErrorKind::Failed);
    assert_eq!(told, [("ask", ANSWERED)], "it is the target's own");

    let lent = wrap(&plain, oracle(|| panic!("later")));
    let (result, told) = asked(&plain, &lent, || ());
    assert_kind(result, ErrorKind::Panicked);
    assert_eq!(told, [("ask", Some(Outcome::Panicked))]);

    let lent = wrap(&plain, oracle(|| Ok(1)));
    let (result, told) = asked(&plain, &lent, || plain.suspend("lunch", None));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Suspended);
    assert_eq!(told, [("ask", Some(Outcome::Withheld(error)))]);
    plain.resume();

    let (result, told) = asked(&plain, &lent, || plain.revoke("between"));
    let error = result.unwrap_err();
    assert!(error.is_revoked());
    assert_eq!(told, [("ask", Some(Outcome::Withheld(error)))]);

    let inside = membrane();
    let revoker = inside.revoker();
    let lent = wrap(
        &inside,
        oracle(move || {
            revoker.revoke("in the poll");
            Ok(1)
        }),
    );
    let (result, told) = asked(&inside, &lent, || ());
    let error = result.unwrap_err();
    assert_eq!(error.reason().unwrap().as_str(), "in the poll");
    assert_eq!(told, [("ask", Some(Outcome::Withheld(error)))]);
}

/// Fails if whoever heard that the call was let in does not hear that there was no room to go on with it.
#[test]
fn call_that_is_polled_on_too_deep_is_told_as_withheld() {
    let membrane = Membrane::new(oracles().depth_limit(1).build().unwrap());
    let log = Log::of(&membrane);
    let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
    let mut waiting: Asked = Box::pin(async move { lent.ask().await });
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!(log.take(), [("ask", None)]);

    let (waiting, told) = (Mutex::new(Some(waiting)), log.clone());
    let around = oracle(move || {
        let waiting = waiting.lock().unwrap().take();
        let Poll::Ready(result) = poll_idly(&mut waiting.expect("polled once")) else {
            panic!("there is no room")
        };
        assert_kind(result, ErrorKind::TooDeep);
        let over = ("ask", Some(withheld(ErrorKind::TooDeep)));
        assert_eq!(told.take(), [over]);
        Ok(2)
    });
    let around = membrane.wrap(around).unwrap();
    let mut asking = around.ask();
    assert!(poll_idly(&mut asking).is_pending());
    log.take();
    assert_eq!(poll_idly(&mut asking), Poll::Ready(Ok(2)));
    assert_eq!(log.take(), [("ask", ANSWERED)]);
}

#[test]
fn conditions_and_time_are_told_when_they_end_a_call() {
    let limited =
        |conditions| Membrane::with_conditions(oracles().build().unwrap(), &conditions).unwrap();
    let few = limited(Conditions::builder().bytes_out(1).build().unwrap());
    let lent = few.wrap(oracle(|| Ok(1))).unwrap();
    let (result, told) = asked(&few, &lent, || ());
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert_eq!(told, [("ask", Some(Outcome::Withheld(error)))]);

    let clock = ManualClock::new();
    let timed = Conditions::builder()
        .expires_after(Duration::from_secs(1))
        .concurrency(1)
        .clock(clock.clone());
    let timed = limited(timed.build().unwrap());
    let lent = timed.wrap(oracle(|| Ok(1))).unwrap();
    let (result, told) = asked(&timed, &lent, || clock.advance(Duration::from_secs(2)));
    assert_kind(result, ErrorKind::Expired);
    assert_eq!(told, [("ask", Some(withheld(ErrorKind::Expired)))]);
    assert_eq!(timed.conditions().concurrency_left, Some(1));
    assert_kind(block_on(lent.ask()), ErrorKind::Expired);
}

/// Fails if a poll that finds the call expired tells, or counts, that before its last look at the switch.
#[test]
fn expiry_that_a_revocation_overtakes_is_told_and_counted_as_the_revocation() {
    let clock = Arc::new(Overtaking::default());
    let hour = Conditions::builder()
        .expires_after(Duration::from_hours(1))
        .clock(clock.clone())
        .build()
        .unwrap();
    let membrane = Membrane::with_conditions(oracles().build().unwrap(), &hour).unwrap();
    let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
    let (result, told) = asked(&membrane, &lent, || {
        *clock.0.lock().unwrap() = Some(membrane.clone());
    });
    assert_revoked(result, "overtaken");
    let error = result.unwrap_err();
    assert_eq!(told, [("ask", Some(Outcome::Withheld(error)))]);
    let refused = membrane.snapshot().grants[0].refused;
    assert_eq!((refused.revoked, refused.total()), (1, 1));
}

/// Once it has a membrane, it revokes that and says that a day has gone by.
#[derive(Default)]
struct Overtaking(Mutex<Option<Membrane>>);

impl Clock for Overtaking {
    fn now(&self) -> Duration {
        let membrane = self.0.lock().unwrap().take();
        membrane.map_or(Duration::ZERO, |membrane| {
            membrane.revoke("overtaken");
            Duration::from_hours(24)
        })
    }
}

#[test]
fn panic_that_is_passed_on_is_told_of_a_later_poll() {
    let policy = oracles().on_panic(OnPanic::Propagate).build().unwrap();
    let membrane = Membrane::new(policy);
    let lent = membrane.wrap(oracle(|| panic!("later"))).unwrap();
    let log = Log::of(&membrane);
    let mut waiting = lent.ask();
    assert!(poll_idly(&mut waiting).is_pending());
    let polled = catch_unwind(AssertUnwindSafe(|| poll_idly(&mut waiting)));
    assert!(polled.is_err());
    drop(waiting);
    assert_eq!(
        log.take(),
        [("ask", None), ("ask", Some(Outcome::Panicked))]
    );
}

/// Fails if the time is that of the last poll alone.
#[test]
fn call_that_waits_is_told_with_its_whole_time() {
    let membrane = Membrane::new(oracles().build().unwrap());
    let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
    let log = Log::of(&membrane);
    let mut waiting = lent.ask();
    assert!(poll_idly(&mut waiting).is_pending());
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(1)));
    let told = log.timed();
    assert_eq!(told[1].0, ("ask", ANSWERED));
    assert!(told[1].1 >= Duration::from_millis(20), "{told:?}");
}

/// Fails if a call that is over at its first poll is told of twice, or one that is refused says less than another.
#[test]
fn call_that_does_not_wait_is_told_of_once() {
    let policy = lending()
        .inbound_rule(rule!(dyn Library: at_once, |number| *number < 10))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let house = House::new(&Census::default());
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let log = Log::of(&membrane);
    assert_eq!(block_on(lent.at_once(1)), Ok(2));
    assert_kind(block_on(lent.at_once(10)), ErrorKind::Rejected);
    assert_kind(block_on(lent.close()), ErrorKind::Refused);
    assert_kind(block_on(lent.panic(false)), ErrorKind::Panicked);
    drop(lent.wait(1));
    assert_eq!(
        log.take(),
        [
            ("at_once", ANSWERED),
            ("at_once", Some(refused(ErrorKind::Rejected))),
            ("close", Some(refused(ErrorKind::Refused))),
            ("panic", Some(Outcome::Panicked)),
        ]
    );
    membrane.suspend("night", None);
    let suspended = block_on(lent.wait(1)).unwrap_err();
    membrane.revoke("over");
    let revoked = block_on(lent.wait(1)).unwrap_err();
    assert_eq!(
        log.take(),
        [
            ("wait", Some(Outcome::Refused(suspended))),
            ("wait", Some(Outcome::Refused(revoked))),
        ]
    );
    assert_eq!(house.log(), ["at_once"]);
}

/// Fails if a result that may not cross, or a call that may not wait, is told as an answer.
#[test]
fn answer_that_may_not_cross_is_told_as_withheld() {
    let one = Conditions::builder().proxies(1).build().unwrap();
    let membrane = Membrane::with_conditions(policy(), &one).unwrap();
    let house = House::new(&Census::default());
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let log = Log::of(&membrane);
    let shelf = super::library::Shelf {
        row: 1,
        label: String::new(),
    };
    let result = block_on(lent.find("none", &[], &shelf)).err().unwrap();
    assert_eq!(result.kind(), ErrorKind::Exhausted);
    let waiting = block_on(lent.wait(1)).unwrap_err();
    assert_eq!(waiting.kind(), ErrorKind::Exhausted);
    assert_eq!(
        log.take(),
        [
            ("find", Some(Outcome::Withheld(result))),
            ("wait", Some(Outcome::Withheld(waiting))),
        ]
    );
    assert_eq!(membrane.snapshot().grants[0].refused.condition, 2);
}

/// Fails if a caller that gives up is told to have an answer, or a forgotten call to be over.
#[test]
fn call_that_is_given_up_is_told_as_that_and_a_forgotten_one_when_it_is_revoked() {
    let (census, membrane) = (Census::default(), Membrane::new(policy()));
    let house = House::new(&census);
    let lent = membrane.wrap::<dyn Library>(house).unwrap();
    let before = census.alive();
    let log = Log::of(&membrane);
    let mut waiting = lent.wait(1);
    for _ in 0..3 {
        assert!(poll_idly(&mut waiting).is_pending());
    }
    drop(waiting);
    assert_eq!(
        log.take(),
        [("wait", None), ("wait", Some(Outcome::GivenUp))]
    );
    assert_eq!(census.alive(), before);

    let other = lent.clone();
    let mut forgotten: super::executors::Boxed<'static, _> =
        Box::pin(async move { other.wait(1).await });
    assert!(poll_idly(&mut forgotten).is_pending());
    keep_for_ever(forgotten);
    assert_eq!(log.take(), [("wait", None)]);
    let mut polled = lent.wait(1);
    let mut dropped = lent.wait(1);
    assert!(poll_idly(&mut polled).is_pending());
    assert!(poll_idly(&mut dropped).is_pending());
    log.take();
    membrane.revoke("over");
    let revoked = lent.count().unwrap_err();
    assert_eq!(
        log.take(),
        [
            ("wait", Some(Outcome::Withheld(revoked))),
            ("wait", Some(Outcome::Withheld(revoked))),
            ("wait", Some(Outcome::Withheld(revoked))),
            ("count", Some(Outcome::Refused(revoked))),
        ]
    );
    assert_revoked(block_on(polled), "over");
    drop(dropped);
    assert_eq!(log.take(), [], "that was told");
}
