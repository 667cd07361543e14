//! Futures and streams that crossed as values.

use super::{ANSWERED, Log, oracle, oracles};
use crate::executors::poll_idly;
use futures_core::Stream;
use membrane::{Conditions, Direction, Error, Membrane, Outcome, Passable, Policy};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Yields an item at every second poll, twice.
struct Twice(u32);

impl Stream for Twice {
    type Item = Result<u64, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        match self.0 {
            2 | 4 => Poll::Ready(Some(Ok(self.0.into()))),
            6 => Poll::Ready(None),
            _ => Poll::Pending,
        }
    }
}

type Items = Pin<Box<dyn Stream<Item = Result<u64, Error>> + Send>>;

#[test]
fn future_that_crossed_as_a_value_is_one_call() {
    let membrane = Membrane::new(oracles().build().unwrap());
    let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
    let log = Log::of(&membrane);
    drop(lent.future().unwrap());
    assert_eq!(log.take(), [("future", ANSWERED)]);
    for is_dropped in [false, true] {
        let mut future = lent.future().unwrap();
        assert!(poll_idly(&mut future).is_pending());
        assert_eq!(log.take(), [("future", ANSWERED), ("poll", None)]);
        if is_dropped {
            drop(future);
            assert_eq!(log.take(), [("poll", Some(Outcome::GivenUp))]);
        } else {
            assert_eq!(poll_idly(&mut future), Poll::Ready(Ok(1)));
            assert_eq!(log.take(), [("poll", ANSWERED)]);
        }
    }
}

fn next(items: &mut Items) -> Poll<Option<Result<u64, Error>>> {
    items
        .as_mut()
        .poll_next(&mut Context::from_waker(Waker::noop()))
}

fn lend<V: Passable>(membrane: &Membrane, value: V) -> V {
    membrane.pass(value, Direction::Outbound).unwrap()
}

/// Fails if each poll is told as a call, or the end of a stream as something else than an answer.
#[test]
fn each_item_of_a_stream_is_one_call() {
    let membrane = Membrane::new(Policy::deny_all());
    let log = Log::of(&membrane);
    let mut items: Items = lend(&membrane, Box::pin(Twice(0)));
    for item in [Some(Ok(2)), Some(Ok(4)), None] {
        assert_eq!(next(&mut items), Poll::Pending);
        assert_eq!(log.take(), [("next", None)]);
        assert_eq!(next(&mut items), Poll::Ready(item));
        assert_eq!(log.take(), [("next", ANSWERED)]);
    }
    drop(items);
    let mut items: Items = lend(&membrane, Box::pin(Twice(0)));
    assert_eq!(next(&mut items), Poll::Pending);
    membrane.suspend("lunch", None);
    let Poll::Ready(Some(Err(suspended))) = next(&mut items) else {
        panic!("suspended");
    };
    membrane.resume();
    assert_eq!(next(&mut items), Poll::Ready(Some(Ok(2))));
    assert_eq!(next(&mut items), Poll::Pending);
    drop(items);
    assert_eq!(
        log.take(),
        [
            ("next", None),
            ("next", Some(Outcome::Withheld(suspended))),
            ("next", ANSWERED),
            ("next", None),
            ("next", Some(Outcome::GivenUp)),
        ]
    );
}

/// Fails if a step that a suspension ended keeps its place: the stream is held up by itself.
#[test]
fn suspended_step_of_a_stream_gives_its_place_back() {
    let one = Conditions::builder().concurrency(1).build().unwrap();
    let membrane = Membrane::with_conditions(Policy::deny_all(), &one).unwrap();
    let mut items: Items = lend(&membrane, Box::pin(Twice(0)));
    assert_eq!(next(&mut items), Poll::Pending);
    membrane.suspend("lunch", None);
    assert!(matches!(next(&mut items), Poll::Ready(Some(Err(_)))));
    membrane.resume();
    assert_eq!(membrane.conditions().concurrency_left, Some(1));
    assert_eq!(next(&mut items), Poll::Ready(Some(Ok(2))));
}
