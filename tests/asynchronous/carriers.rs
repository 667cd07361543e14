//! Each condition on each call that can wait: of an async method, of a future that crossed as a value, and for an item of a
//! stream; of the membrane itself, and of one that it derives from; either way.

use super::executors::{Bell, Boxed, poll_idly};
use futures_core::Stream;
use membrane::{
    Condition, Conditions, ConditionsBuilder, Direction, Error, ManualClock, Membrane, Passable,
    Policy, allow, interface,
};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tests::{Census, keep_for_ever};

const SECOND: Duration = Duration::from_secs(1);

type Answer = Result<Vec<u8>, Error>;

#[interface]
trait Teller {
    async fn tell(&self) -> Result<Vec<u8>, Error>;
}

/// What the target's side does: waits for the bell, and answers.
struct Target {
    bell: Arc<Bell>,
    answer: Vec<u8>,
    /// How many have been entered.
    entered: AtomicUsize,
    /// Counts what is not over.
    census: Census,
    /// Done just before the answer.
    last: Box<dyn Fn() + Send + Sync>,
}

impl Target {
    async fn answer(self: Arc<Self>) -> Answer {
        let _token = self.census.token();
        self.entered.fetch_add(1, SeqCst);
        self.bell.rung().await;
        (self.last)();
        Ok(self.answer.clone())
    }
}

struct Lender(Arc<Target>);

#[interface]
impl Teller for Lender {
    async fn tell(&self) -> Result<Vec<u8>, Error> {
        self.0.clone().answer().await
    }
}

/// Answers again and again.
struct Answers {
    target: Arc<Target>,
    next: Option<Boxed<'static, Answer>>,
}

impl Stream for Answers {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Answer>> {
        let target = self.target.clone();
        let next = self.next.get_or_insert_with(|| Box::pin(target.answer()));
        let answer = next.as_mut().poll(context);
        if answer.is_ready() {
            self.next = None;
        }
        answer.map(Some)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Method,
    Future,
    Stream,
}

/// One that waits. Given up when it is dropped.
struct Waiting(Box<dyn FnMut() -> Poll<Option<Answer>> + Send>);

impl Waiting {
    fn poll(&mut self) -> Poll<Option<Answer>> {
        (self.0)()
    }

    #[track_caller]
    fn assert_waits(&mut self) {
        assert_eq!(self.poll(), Poll::Pending);
    }

    #[track_caller]
    fn answer(&mut self) -> Answer {
        match self.poll() {
            Poll::Ready(Some(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn assert_unmet(&mut self, condition: Condition) -> Error {
        let error = self.answer().expect_err("the condition is not met");
        assert_eq!(error.condition(), Some(condition), "{error}");
        error
    }
}

/// What a test is run for.
struct Scene {
    carrier: Carrier,
    /// Which way the answers go.
    direction: Direction,
    /// That which has the conditions.
    limited: Membrane,
    /// That which is called through.
    membrane: Membrane,
    lent: Option<Arc<dyn Teller>>,
    clock: Arc<ManualClock>,
    target: Arc<Target>,
}

impl Scene {
    fn begin(&self) -> Result<Waiting, Error> {
        if let Some(lent) = self.lent.clone() {
            let mut future: Boxed<'static, Answer> = Box::pin(async move { lent.tell().await });
            return Ok(Waiting(Box::new(move || poll_idly(&mut future).map(Some))));
        }
        let target = self.target.clone();
        if self.carrier == Carrier::Future {
            let future: Boxed<'static, Answer> = Box::pin(target.answer());
            let mut future = self.membrane.pass(future, self.direction)?;
            return Ok(Waiting(Box::new(move || poll_idly(&mut future).map(Some))));
        }
        let answers: Pin<Box<dyn Stream<Item = Answer> + Send>> =
            Box::pin(Answers { target, next: None });
        let mut answers = self.membrane.pass(answers, self.direction)?;
        Ok(Waiting(Box::new(move || {
            let mut context = Context::from_waker(Waker::noop());
            answers.as_mut().poll_next(&mut context)
        })))
    }

    #[track_caller]
    fn begun(&self) -> Waiting {
        self.begin().expect("it crosses")
    }

    /// One that has been polled, and waits.
    #[track_caller]
    fn waiting(&self) -> Waiting {
        let mut waiting = self.begun();
        waiting.assert_waits();
        waiting
    }

    fn is_stream(&self) -> bool {
        self.carrier == Carrier::Stream
    }

    fn bytes_left(&self) -> Option<u64> {
        let left = self.limited.conditions();
        match self.direction {
            Direction::Inbound => left.bytes_in_left,
            Direction::Outbound => left.bytes_out_left,
        }
    }

    fn entered(&self) -> usize {
        self.target.entered.load(SeqCst)
    }

    #[track_caller]
    fn assert_place_is_free(&self) {
        assert_eq!(self.limited.conditions().concurrency_left, Some(1));
    }
}

fn policy() -> Policy {
    let builder = Policy::builder().inbound(allow!(dyn Teller: tell));
    builder.outbound(allow!(dyn Teller: tell)).build().unwrap()
}

/// Runs `test` for every carrier, in every place of the conditions, either way.
fn each(
    build: impl Fn(ConditionsBuilder) -> ConditionsBuilder,
    last: impl Fn() + Clone + Send + Sync + 'static,
    test: impl Fn(Scene),
) {
    each_timed(build, |_| Box::new(last.clone()), test);
}

/// The same, where what is done last may move the clock.
fn each_timed(
    build: impl Fn(ConditionsBuilder) -> ConditionsBuilder,
    last: impl Fn(&Arc<ManualClock>) -> Box<dyn Fn() + Send + Sync>,
    test: impl Fn(Scene),
) {
    for carrier in [Carrier::Method, Carrier::Future, Carrier::Stream] {
        for direction in [Direction::Outbound, Direction::Inbound] {
            for is_above in [false, true] {
                eprintln!("{carrier:?} {direction:?} {is_above}");
                let clock = ManualClock::new();
                let target = Arc::new(Target {
                    bell: Bell::new(),
                    answer: vec![7; 40],
                    entered: AtomicUsize::new(0),
                    census: Census::default(),
                    last: last(&clock),
                });
                let conditions = build(Conditions::builder().clock(clock.clone()));
                let conditions = conditions.build().unwrap();
                let limited = Membrane::with_conditions(policy(), &conditions).unwrap();
                let membrane = if is_above {
                    limited.grant(&policy()).unwrap()
                } else {
                    limited.clone()
                };
                let lent = (carrier == Carrier::Method).then(|| {
                    let lender: Arc<dyn Teller> = Arc::new(Lender(target.clone()));
                    membrane.pass(lender, direction).unwrap()
                });
                test(Scene {
                    carrier,
                    direction,
                    limited,
                    membrane,
                    lent,
                    clock,
                    target,
                });
            }
        }
    }
}

fn nothing() {}

/// Fails if a poll spends a call, or one that was let in is held up when the budget is spent.
#[test]
fn budget_is_of_calls() {
    each(
        |builder| builder.calls(2),
        nothing,
        |scene| {
            let left = || scene.limited.conditions().calls_left;
            let (mut one, mut other) = (scene.begun(), scene.begun());
            let mut late = scene.begun();
            assert_eq!(left(), Some(2), "not polled, not spent");
            for _ in 0..3 {
                one.assert_waits();
                assert_eq!(left(), Some(1));
            }
            other.assert_waits();
            late.assert_unmet(Condition::Calls);
            assert_eq!((left(), scene.entered()), (Some(0), 2));
            one.assert_waits();
            scene.target.bell.ring();
            assert_eq!(one.answer(), Ok(vec![7; 40]));
            assert_eq!(other.answer(), Ok(vec![7; 40]));
            assert_eq!(scene.target.census.alive(), 0);
            if scene.is_stream() {
                one.assert_unmet(Condition::Calls);
                // Nothing more will come: told once.
                for stream in [&mut one, &mut late] {
                    assert_eq!(stream.poll(), Poll::Ready(None));
                }
                assert_eq!(scene.entered(), 2);
            }
        },
    );
}

/// Fails if a poll counts as a call of its own, or what was let in is held up by the rate.
#[test]
fn rate_is_of_calls() {
    each(
        |builder| builder.rate_with_burst(1, SECOND, 1),
        nothing,
        |scene| {
            let mut waiting = scene.waiting();
            waiting.assert_waits();
            let mut late = scene.begun();
            let error = late.assert_unmet(Condition::Rate);
            assert_eq!(error.retry_after(), Some(SECOND));
            assert_eq!(scene.entered(), 1);
            waiting.assert_waits();
            scene.clock.advance(SECOND);
            let mut next = if scene.is_stream() {
                late
            } else {
                scene.begun()
            };
            next.assert_waits();
            scene.begun().assert_unmet(Condition::Rate);
            scene.target.bell.ring();
            assert_eq!(waiting.answer(), Ok(vec![7; 40]));
            assert_eq!(next.answer(), Ok(vec![7; 40]));
            if scene.is_stream() {
                // The next item is another call, and the stream is not over for that.
                waiting.assert_unmet(Condition::Rate);
                scene.clock.advance(SECOND);
                assert_eq!(waiting.answer(), Ok(vec![7; 40]));
            }
        },
    );
}

/// How a call that waits may end.
#[derive(Clone, Copy, Debug)]
enum End {
    Answered,
    GivenUp,
    Suspended,
}

/// Fails if a call that waits gives its place back, or one that is over keeps it.
#[test]
fn place_is_kept_until_the_call_is_over() {
    each(
        |builder| builder.concurrency(1),
        nothing,
        |scene| {
            for end in [End::GivenUp, End::Suspended, End::Answered] {
                let mut waiting = scene.waiting();
                let entered = scene.entered();
                scene.begun().assert_unmet(Condition::Concurrency);
                waiting.assert_waits();
                scene.begun().assert_unmet(Condition::Concurrency);
                assert_eq!(scene.entered(), entered, "{end:?}");
                match end {
                    End::GivenUp => drop(waiting),
                    End::Suspended => {
                        scene.limited.suspend("night", None);
                        waiting.assert_unmet(Condition::Suspended);
                        scene.limited.resume();
                    }
                    End::Answered => {
                        scene.target.bell.ring();
                        assert_eq!(waiting.answer(), Ok(vec![7; 40]));
                    }
                }
                scene.assert_place_is_free();
            }
            assert_eq!(scene.begun().answer(), Ok(vec![7; 40]));
        },
    );
}

/// Fails if a panic of a later poll keeps the place.
#[test]
fn place_is_given_back_when_the_target_panics() {
    each(
        |builder| builder.concurrency(1),
        || panic!("late"),
        |scene| {
            let mut waiting = scene.waiting();
            scene.target.bell.ring();
            assert!(waiting.answer().is_err());
            scene.assert_place_is_free();
            // Of one that panics at its first poll, too.
            assert!(scene.begun().answer().is_err());
            scene.assert_place_is_free();
        },
    );
}

/// Fails if the place, or the proxy, is with what the holder may forget.
#[test]
fn revocation_takes_the_places_and_proxies_of_forgotten_calls() {
    each(
        |builder| builder.concurrency(1).proxies(9),
        nothing,
        |scene| {
            let waiting = scene.waiting();
            keep_for_ever(waiting);
            scene.begun().assert_unmet(Condition::Concurrency);
            scene.membrane.revoke("left");
            scene.assert_place_is_free();
            assert_eq!(scene.limited.conditions().proxies_left, Some(9));
            assert_eq!(scene.target.census.alive(), 0);
        },
    );
}

/// Fails if an answer that comes late is not counted, if one that does not fit is delivered or counted, or if it is counted
/// the other way.
#[test]
fn bytes_of_late_answers_are_counted() {
    let bytes = vec![7_u8; 40].size_bytes();
    each(
        |builder| builder.bytes_in(2 * bytes - 1).bytes_out(2 * bytes - 1),
        nothing,
        |scene| {
            let other_way = || {
                let left = scene.limited.conditions();
                match scene.direction {
                    Direction::Inbound => left.bytes_out_left,
                    Direction::Outbound => left.bytes_in_left,
                }
            };
            let mut waiting = [scene.waiting(), scene.waiting()];
            assert_eq!(scene.bytes_left(), Some(2 * bytes - 1));
            scene.target.bell.ring();
            assert_eq!(waiting[0].answer(), Ok(vec![7; 40]));
            assert_eq!(scene.bytes_left(), Some(bytes - 1));
            let condition = match scene.direction {
                Direction::Inbound => Condition::BytesIn,
                Direction::Outbound => Condition::BytesOut,
            };
            waiting[1].assert_unmet(condition);
            assert_eq!(scene.bytes_left(), Some(bytes - 1), "nothing was delivered");
            if scene.is_stream() {
                waiting[0].assert_unmet(condition);
                assert_eq!(scene.bytes_left(), Some(bytes - 1));
            }
            assert_eq!(other_way(), Some(2 * bytes - 1));
            assert_eq!(scene.target.census.alive(), 0);
        },
    );
}

/// Fails if a call that was let in outlasts the deadline, or keeps what it holds.
#[test]
fn expiry_ends_calls_that_wait() {
    each(
        |builder| builder.expires_after(SECOND).concurrency(2),
        nothing,
        |scene| {
            let (mut waiting, mut forgotten, mut unpolled) =
                (scene.waiting(), scene.waiting(), scene.begun());
            scene.clock.advance(Duration::from_nanos(999_999_999));
            waiting.assert_waits();
            scene.clock.advance(Duration::from_nanos(1));
            scene.target.bell.ring();
            waiting.assert_unmet(Condition::Expired);
            forgotten.assert_unmet(Condition::Expired);
            unpolled.assert_unmet(Condition::Expired);
            assert_eq!(scene.entered(), 2);
            assert_eq!(scene.limited.conditions().concurrency_left, Some(2));
            if scene.is_stream() {
                // Nothing more will come: told once.
                for stream in [&mut waiting, &mut unpolled] {
                    assert_eq!(stream.poll(), Poll::Ready(None));
                }
            }
            assert_eq!(scene.target.census.alive(), 0, "nothing of them is kept");
        },
    );
}

/// Fails if the deadline is looked at before the last poll only.
#[test]
fn expiry_withholds_an_answer_that_comes_too_late() {
    each_timed(
        |builder| builder.expires_after(SECOND),
        |clock| {
            let clock = clock.clone();
            Box::new(move || clock.advance(SECOND))
        },
        |scene| {
            let mut waiting = scene.waiting();
            scene.target.bell.ring();
            waiting.assert_unmet(Condition::Expired);
            assert_eq!(scene.target.census.alive(), 0);
        },
    );
}

/// Fails if a call goes on while it is suspended; or a stream does not go on afterwards.
#[test]
fn suspension_ends_calls_at_their_next_poll() {
    each(
        |builder| builder.calls(100),
        nothing,
        |scene| {
            let (mut waiting, mut unpolled) = (scene.waiting(), scene.begun());
            scene.limited.suspend("night", Some(SECOND));
            scene.target.bell.ring();
            for call in [&mut waiting, &mut unpolled] {
                let error = call.assert_unmet(Condition::Suspended);
                assert_eq!(error.retry_after(), Some(SECOND));
                assert_eq!(error.reason().unwrap().as_str(), "night");
            }
            assert_eq!(scene.entered(), 1);
            assert_eq!(scene.limited.conditions().calls_left, Some(99));
            if scene.is_stream() {
                // It keeps what it had begun.
                waiting.assert_unmet(Condition::Suspended);
                scene.limited.resume();
                assert_eq!(waiting.answer(), Ok(vec![7; 40]));
                assert_eq!(unpolled.answer(), Ok(vec![7; 40]));
            } else {
                assert_eq!(scene.target.census.alive(), 0, "the call is over");
                scene.limited.resume();
                assert_eq!(scene.begun().answer(), Ok(vec![7; 40]));
            }
        },
    );
}

/// Fails if what waits is no proxy, or stays one when it is over.
#[test]
fn what_waits_is_a_proxy_until_it_is_over() {
    each(
        |builder| builder.proxies(2),
        nothing,
        |scene| {
            // The lender is one, too.
            let lender = scene.lent.is_some();
            let left = || scene.limited.conditions().proxies_left;
            let begin = |scene: &Scene| {
                scene.begin().and_then(|mut call| match call.poll() {
                    Poll::Ready(Some(Err(error))) => Err(error),
                    Poll::Pending => Ok(call),
                    other @ Poll::Ready(_) => panic!("{other:?}"),
                })
            };
            let mut waiting = begin(&scene).expect("there is room");
            let another = (!lender).then(|| begin(&scene).expect("there is room"));
            assert_eq!(left(), Some(0));
            let refused = begin(&scene).err().expect("there is no room");
            assert_eq!(refused.condition(), Some(Condition::Proxies));
            waiting.assert_waits();
            drop(another);
            assert_eq!(left(), Some(u64::from(!lender)));
            scene.target.bell.ring();
            assert_eq!(waiting.answer(), Ok(vec![7; 40]));
            // A stream may go on; nothing else does, though its holder keeps it.
            assert_eq!(left(), Some(2 - u64::from(lender || scene.is_stream())));
            drop(waiting);
            assert_eq!(left(), Some(2 - u64::from(lender)));
            assert_eq!(scene.target.census.alive(), 0);
        },
    );
}
