//! Futures as values: arguments and results that are awaited on the other side.

use super::executors::{Bell, Boxed, Counter, block_on, poll, poll_idly};
use super::library::{Book, House, policy};
use futures_core::Stream;
use membrane::{
    Direction, Error, ErrorKind, Membrane, Passable, Policy, WaitError, allow, interface,
};
use std::mem::replace;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tests::{Census, assert_kind, assert_revoked, sized};

type Number = Boxed<'static, Result<u64, Error>>;
type Loan = Boxed<'static, Result<Arc<dyn Book>, Error>>;

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Waits for the bell, and is counted while it is not over.
fn number(bell: &Arc<Bell>, census: &Census) -> Number {
    let (bell, token) = (bell.clone(), census.token());
    Box::pin(async move {
        let _token = token;
        bell.rung().await;
        Ok(7)
    })
}

#[test]
fn future_crosses_and_is_polled_when_it_is_asked() {
    for direction in BOTH {
        let (membrane, bell, census) = (
            Membrane::new(Policy::deny_all()),
            Bell::new(),
            Census::default(),
        );
        let (counter, waker) = Counter::new();
        let mut lent = membrane.pass(number(&bell, &census), direction).unwrap();
        assert_eq!((bell.wakers().len(), membrane.live_proxies()), (0, 1));
        assert!(poll(&mut lent, &waker).is_pending());
        bell.ring();
        assert_eq!(counter.woken(), 1);
        assert_eq!(poll(&mut lent, &waker), Poll::Ready(Ok(7)));
        assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
        // Unpolled, waiting, and not over: dropped with the holder's.
        drop(membrane.pass(number(&bell, &census), direction).unwrap());
        assert_eq!(census.alive(), 0);
    }
}

#[test]
fn future_is_dropped_and_its_holder_woken_by_a_revocation() {
    for direction in BOTH {
        let (membrane, bell, census) = (
            Membrane::new(Policy::deny_all()),
            Bell::new(),
            Census::default(),
        );
        let (counter, waker) = Counter::new();
        let mut lent = membrane.pass(number(&bell, &census), direction).unwrap();
        let unpolled = membrane.pass(number(&bell, &census), direction).unwrap();
        assert!(poll(&mut lent, &waker).is_pending());
        membrane.revoke("over");
        assert_eq!((census.alive(), counter.woken()), (0, 1));
        assert_revoked(block_on(lent), "over");
        assert_revoked(block_on(unpolled), "over");
        // And nothing crosses any more; what was to be passed is dropped.
        assert_revoked(
            membrane.pass(number(&bell, &census), direction).map(drop),
            "over",
        );
        assert_eq!(census.alive(), 0);
    }
}

/// Fails when `Proxy<dyn Pending>::poll` does not convert.
#[test]
fn what_a_future_ends_with_is_wrapped() {
    let census = Census::default();
    let membrane = Membrane::new(policy());
    let house = House::new(&census);
    let own = house.book.clone();
    let loan: Loan = Box::pin(async move { Ok(own) });
    let lent = membrane.pass(loan, Direction::Outbound).unwrap();
    let book = block_on(lent).unwrap();
    assert!(membrane.lent(&book).is_some());
    assert_kind(block_on(book.burn()), ErrorKind::Refused);
    // Back again, it is the owner's own.
    let back: Loan = Box::pin(async move { Ok(book) });
    let back = membrane.pass(back, Direction::Inbound).unwrap();
    assert!(Arc::ptr_eq(&block_on(back).unwrap(), &house.book));
}

#[interface]
trait Broker {
    /// Awaits a future of the caller's.
    async fn settle(&self, promised: Number) -> Result<u64, Error>;
    /// Hands out a future of its own.
    fn promise(&self) -> Result<Number, Error>;
    async fn promise_later(&self) -> Result<Number, Error>;
}

struct Bank(Arc<Bell>, Census);

#[interface]
impl Broker for Bank {
    async fn settle(&self, promised: Number) -> Result<u64, Error> {
        Ok(promised.await? + 1)
    }
    fn promise(&self) -> Result<Number, Error> {
        Ok(number(&self.0, &self.1))
    }
    async fn promise_later(&self) -> Result<Number, Error> {
        Ok(number(&self.0, &self.1))
    }
}

fn bank(bell: &Arc<Bell>, census: &Census) -> (Membrane, Arc<dyn Broker>) {
    let policy = Policy::builder().inbound(allow!(dyn Broker: settle, promise, promise_later));
    let membrane = Membrane::new(policy.build().unwrap());
    let bank = Arc::new(Bank(bell.clone(), census.clone()));
    let lent = membrane.wrap::<dyn Broker>(bank).unwrap();
    (membrane, lent)
}

#[test]
fn futures_are_arguments_and_results() {
    let (bell, census) = (Bell::new(), Census::default());
    let (membrane, lent) = bank(&bell, &census);
    let (promised, later) = (
        lent.promise().unwrap(),
        block_on(lent.promise_later()).unwrap(),
    );
    let mut settling = lent.settle(number(&bell, &census));
    assert!(poll_idly(&mut settling).is_pending());
    // Two promises, what settles, and what it awaits.
    assert_eq!((membrane.live_proxies(), census.alive()), (5, 3));
    bell.ring();
    assert_eq!(block_on(settling), Ok(8));
    assert_eq!((block_on(promised), block_on(later)), (Ok(7), Ok(7)));
    // A promise that goes back in is a future like any other.
    let promised = lent.promise().unwrap();
    assert_eq!(block_on(lent.settle(promised)), Ok(8));
    assert_eq!((membrane.live_proxies(), census.alive()), (1, 0));
}

/// A promise that is settled by another one of its kind.
fn nested(lent: Arc<dyn Broker>) -> Number {
    Box::pin(async move { lent.clone().settle(nested(lent.clone())).await })
}

/// A hostile promise: it panics, or revokes, or never stops asking.
#[test]
fn future_that_was_handed_in_and_misbehaves_ends_the_owners_call() {
    let (bell, census) = (Bell::new(), Census::default());
    let (membrane, lent) = bank(&bell, &census);
    let panics: Number = Box::pin(async { panic!("always") });
    assert_kind(block_on(lent.settle(panics)), ErrorKind::Panicked);
    let endless = nested(lent.clone());
    assert_kind(block_on(lent.settle(endless)), ErrorKind::TooDeep);
    assert_eq!(membrane.live_proxies(), 1);

    let revoking = membrane.clone();
    let revokes: Number = Box::pin(async move {
        revoking.revoke("enough");
        Ok(1)
    });
    assert_revoked(block_on(lent.settle(revokes)), "enough");
}

#[test]
#[should_panic(expected = "polled after the future was over")]
fn holder_that_polls_on_after_the_end_panics() {
    let membrane = Membrane::new(Policy::deny_all());
    let ready: Number = Box::pin(async { Ok(1) });
    let mut lent = membrane.pass(ready, Direction::Outbound).unwrap();
    assert_eq!(poll_idly(&mut lent), Poll::Ready(Ok(1)));
    let _ = poll_idly(&mut lent);
}

/// Passed round and round, as iterators are: too deep to be polled, dropped on a bounded stack all the same.
#[test]
fn future_of_many_layers_is_dropped_on_a_bounded_stack() {
    for revoking in [false, true] {
        let small = std::thread::Builder::new().stack_size(512 << 10);
        let dropping = small.spawn(move || {
            let membranes = [(); 2].map(|()| Membrane::new(Policy::deny_all()));
            let mut future: Number = Box::pin(async { Ok(1) });
            for layer in 0..sized(20_000, 300) {
                future = membranes[layer % 2]
                    .pass(future, Direction::Outbound)
                    .unwrap();
            }
            if revoking {
                membranes[0].revoke("all of them");
            } else {
                let Poll::Ready(result) = poll_idly(&mut future) else {
                    panic!("too deep")
                };
                assert_kind(result, ErrorKind::TooDeep);
            }
            drop(future);
            membranes.iter().map(Membrane::live_proxies).sum::<usize>()
        });
        assert_eq!(dropping.unwrap().join().unwrap(), 0);
    }
}

/// Is over at the second poll, and notes what a revoker who waits hears in its `Drop`.
struct Last(Membrane, bool, Arc<Mutex<Vec<Result<(), WaitError>>>>);

impl Future for Last {
    type Output = Result<u64, Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if replace(&mut self.1, true) {
            return Poll::Ready(Ok(7));
        }
        Poll::Pending
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        let heard = self.0.revoke_and_wait("over", Duration::ZERO);
        self.2.lock().unwrap().push(heard);
    }
}

/// Fails if `poll_once` keeps what is over: it would be dropped by the holder, in no call that a revoker waits for.
#[test]
fn future_that_is_over_is_dropped_in_its_last_poll() {
    for direction in BOTH {
        let membrane = Membrane::new(Policy::deny_all());
        let heard = Arc::default();
        let last: Number = Box::pin(Last(membrane.clone(), false, Arc::clone(&heard)));
        let mut lent = membrane.pass(last, direction).unwrap();
        assert!(poll_idly(&mut lent).is_pending());
        let Poll::Ready(result) = poll_idly(&mut lent) else {
            panic!("it is over at the second poll");
        };
        assert_eq!(*heard.lock().unwrap(), [Err(WaitError::Inside)]);
        assert_revoked(result, "over");
    }
}

/// What they carry counts when it comes.
#[test]
fn what_is_polled_takes_no_bytes_by_itself() {
    let bell = Bell::new();
    assert_eq!(number(&bell, &Census::default()).size_bytes(), 0);
    let numbers: Numbers = Box::pin(Endless);
    assert_eq!(numbers.size_bytes(), 0);
}

type Numbers = Pin<Box<dyn Stream<Item = Result<u64, Error>> + Send>>;

struct Endless;

impl Stream for Endless {
    type Item = Result<u64, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(1)))
    }
}
