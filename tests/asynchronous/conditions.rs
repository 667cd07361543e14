//! Conditions and rules: an async call is one call, from its first poll until it is over.

use super::executors::{Bell, block_on, poll_idly};
use super::library::{House, Library, Shelf, lending, policy};
use futures_core::Stream;
use membrane::{
    Condition, Conditions, Direction, Error, ErrorKind, Membrane, allow, interface, rule,
};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tests::{Census, assert_kind, keep_for_ever};

fn lent(conditions: &Conditions, census: &Census) -> (Membrane, Arc<House>, Arc<dyn Library>) {
    let membrane = Membrane::with_conditions(policy(), conditions).unwrap();
    let house = House::new(census);
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    (membrane, house, lent)
}

/// Fails when each poll asks the conditions as a call of its own does.
#[test]
fn budget_is_spent_by_calls_and_not_by_polls() {
    let three = Conditions::builder().calls(3).build().unwrap();
    let (membrane, house, lent) = lent(&three, &Census::default());
    let mut waiting = lent.wait(1);
    for _ in 0..10 {
        assert!(poll_idly(&mut waiting).is_pending());
    }
    assert_eq!(membrane.conditions().calls_left, Some(2));
    assert_eq!(block_on(lent.at_once(1)), Ok(2));
    drop(lent.wait(5));
    assert_eq!(block_on(lent.at_once(2)), Ok(4), "not polled, not spent");
    assert_kind(block_on(lent.at_once(3)), ErrorKind::Exhausted);
    // What was let in goes on.
    house.bell.ring();
    assert_eq!(block_on(waiting), Ok(2));
}

/// Fails when a call gives its place back while it waits, or when a poll takes another.
#[test]
fn waiting_call_keeps_its_place() {
    let one = Conditions::builder().concurrency(1).build().unwrap();
    let (_membrane, house, lent) = lent(&one, &Census::default());
    for is_cancelled in [true, false] {
        let mut waiting = lent.wait(1);
        assert!(poll_idly(&mut waiting).is_pending());
        assert_kind(block_on(lent.at_once(1)), ErrorKind::Exhausted);
        assert!(poll_idly(&mut waiting).is_pending());
        if is_cancelled {
            drop(waiting);
        } else {
            house.bell.ring();
            assert_eq!(block_on(waiting), Ok(2));
        }
        assert_eq!(block_on(lent.at_once(1)), Ok(2));
    }
    assert_kind(block_on(lent.panic(false)), ErrorKind::Panicked);
    assert_eq!(block_on(lent.at_once(1)), Ok(2));
}

/// Fails when what waits of a call is no proxy to the condition, or stays one when the call is over.
#[test]
fn waiting_call_counts_as_a_proxy_until_it_is_over() {
    let two = Conditions::builder().proxies(2).calls(4).build().unwrap();
    let (membrane, house, lent) = lent(&two, &Census::default());
    let mut waiting = lent.wait(1);
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!(membrane.live_proxies(), 2);
    let mut other = lent.wait(1);
    let Poll::Ready(Err(error)) = poll_idly(&mut other) else {
        panic!("there is no room for it")
    };
    assert_eq!(error.condition(), Some(Condition::Proxies));
    assert_eq!(membrane.conditions().calls_left, Some(2), "it was entered");
    // One that is over at its first poll needs none.
    assert_eq!(block_on(lent.at_once(1)), Ok(2));
    house.bell.ring();
    assert_eq!(block_on(waiting), Ok(2));
    assert_eq!(membrane.live_proxies(), 1);
}

/// Fails when the place is with what the holder may forget.
#[test]
fn revocation_gives_back_the_places_of_forgotten_calls() {
    let one = Conditions::builder().concurrency(1).build().unwrap();
    let root = Membrane::with_conditions(policy(), &one).unwrap();
    let house = House::new(&Census::default());
    for _ in 0..3 {
        let grant = root.grant(&policy()).unwrap();
        let lent = grant.wrap::<dyn Library>(house.clone()).unwrap();
        let other = lent.clone();
        let mut waiting = Box::pin(async move { other.wait(1).await });
        assert!(poll_idly(&mut waiting).is_pending());
        keep_for_ever(waiting);
        assert_kind(block_on(lent.at_once(1)), ErrorKind::Exhausted);
        grant.revoke("left");
    }
}

#[test]
fn suspension_is_told_at_the_next_poll() {
    let census = Census::default();
    let none = Conditions::builder().build().unwrap();
    let (membrane, house, lent) = lent(&none, &census);
    let mut waiting = lent.wait(1);
    assert!(poll_idly(&mut waiting).is_pending());
    membrane.suspend("night", None);
    assert_kind(block_on(lent.at_once(1)), ErrorKind::Suspended);
    house.bell.ring();
    assert_kind(block_on(waiting), ErrorKind::Suspended);
    assert_eq!(census.alive(), 2, "the call is over");
    membrane.resume();
    assert_eq!(block_on(lent.wait(1)), Ok(2));
}

/// Fails when `enter` comes after the target, or sees something else than the target does.
#[test]
fn rules_see_the_arguments_of_async_methods() {
    let policy = lending()
        .inbound_rule(rule!(dyn Library: find, |title, bytes, shelf| {
            title.starts_with('n') && bytes.len() < 3 && shelf.row == 1
        }))
        .inbound_rule(rule!(dyn Library: wait, |number| *number < 10))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let house = House::new(&Census::default());
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let shelf = |row| Shelf {
        row,
        label: String::new(),
    };
    assert!(block_on(lent.find("novel", &[1], &shelf(1))).is_ok());
    let seen = house.log().len();
    for (title, bytes, row) in [("essay", 1, 1), ("novel", 3, 1), ("novel", 1, 2)] {
        let found = block_on(lent.find(title, &vec![0; bytes], &shelf(row)));
        assert_kind(found.map(drop), ErrorKind::Rejected);
    }
    assert_kind(block_on(lent.wait(10)), ErrorKind::Rejected);
    assert_eq!(house.log().len(), seen, "the target was not entered");
}

#[interface]
trait Bytes {
    async fn put(&self, text: &str, more: Vec<u8>) -> Result<String, Error>;
}

struct Store(Arc<Bell>);

#[interface]
impl Bytes for Store {
    async fn put(&self, text: &str, _more: Vec<u8>) -> Result<String, Error> {
        self.0.rung().await;
        Ok(text.repeat(2))
    }
}

/// Fails when the size of what is borrowed, or of a late result, is not counted.
#[test]
fn bytes_of_async_calls_are_counted_both_ways() {
    let policy = membrane::Policy::builder()
        .inbound(allow!(dyn Bytes: put))
        .build()
        .unwrap();
    let limits = Conditions::builder().bytes_in(100).bytes_out(1_000);
    let membrane = Membrane::with_conditions(policy, &limits.build().unwrap()).unwrap();
    let bell = Bell::new();
    let lent = membrane
        .wrap::<dyn Bytes>(Arc::new(Store(bell.clone())))
        .unwrap();
    let mut waiting = lent.put("0123456789", vec![0; 20]);
    assert!(poll_idly(&mut waiting).is_pending());
    let before = membrane.conditions();
    assert!(before.bytes_in_left.unwrap() <= 70, "{before:?}");
    assert_eq!(before.bytes_out_left, Some(1_000));
    bell.ring();
    assert!(block_on(waiting).is_ok());
    let after = membrane.conditions();
    assert_eq!(after.bytes_in_left, before.bytes_in_left);
    assert!(after.bytes_out_left.unwrap() <= 980, "{after:?}");
    let text = "0".repeat(101);
    assert_kind(block_on(lent.put(&text, Vec::new())), ErrorKind::Exhausted);
}

/// Yields numbers, each after one poll that waits.
struct Hesitant(u64, bool);

impl Stream for Hesitant {
    type Item = Result<u64, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 = !self.1;
        if self.1 {
            return Poll::Pending;
        }
        self.0 += 1;
        Poll::Ready(Some(Ok(self.0)))
    }
}

#[test]
fn items_of_a_stream_are_calls() {
    type Items = Pin<Box<dyn Stream<Item = Result<u64, Error>> + Send>>;
    let limits = Conditions::builder().calls(2).concurrency(1);
    let membrane = Membrane::with_conditions(policy(), &limits.build().unwrap()).unwrap();
    let items: Items = Box::pin(Hesitant(0, false));
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    let mut poll = || {
        lent.as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()))
    };
    for number in [1, 2] {
        assert_eq!(poll(), Poll::Pending);
        assert_eq!(poll(), Poll::Ready(Some(Ok(number))));
    }
    let Poll::Ready(Some(refused)) = poll() else {
        panic!("an error")
    };
    assert_kind(refused, ErrorKind::Exhausted);
    // Nothing more will come: told once.
    assert_eq!(poll(), Poll::Ready(None));
}
