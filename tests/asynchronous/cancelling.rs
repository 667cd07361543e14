//! A caller that gives up, and a call that is over: nothing stays behind.

use super::executors::{Bell, Boxed, Counter, block_on, poll, poll_idly};
use super::library::{House, Library, policy};
use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use tests::{Census, assert_kind, assert_revoked, keep_for_ever};

#[test]
fn dropping_the_callers_future_drops_the_targets() {
    let census = Census::default();
    let (membrane, house) = (Membrane::new(policy()), House::new(&census));
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let mut future = lent.wait(1);
    assert!(poll_idly(&mut future).is_pending());
    assert_eq!((census.alive(), membrane.live_proxies()), (3, 2));
    drop(future);
    assert_eq!((census.alive(), membrane.live_proxies()), (2, 1));
    house.bell.ring();
    assert_eq!(house.log(), ["wait"], "it never went on");
    // Its owner is not kept alive by it either.
    let weak: Weak<House> = Arc::downgrade(&house);
    drop((house, lent));
    assert!(weak.upgrade().is_none());
    assert_eq!(census.alive(), 0);
}

/// Fails when `Listening` does not close its relay when it is dropped, or `Relay::close` keeps the waker.
#[test]
fn target_cannot_wake_a_caller_that_is_gone() {
    for is_over in [false, true] {
        let census = Census::default();
        let (membrane, house) = (Membrane::new(policy()), House::new(&census));
        let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
        let (counter, waker) = Counter::new();
        let mut future = lent.wait(1);
        assert!(poll(&mut future, &waker).is_pending());
        let kept = house.bell.wakers();
        assert_eq!(kept.len(), 1);
        if is_over {
            house.bell.ring();
            assert_eq!(counter.woken(), 1);
            assert_eq!(poll(&mut future, &waker), Poll::Ready(Ok(2)));
        } else {
            drop(future);
        }
        let before = counter.woken();
        drop(waker);
        assert_eq!(
            Arc::strong_count(&counter),
            1,
            "nobody keeps the caller's waker"
        );
        kept.iter().for_each(Waker::wake_by_ref);
        assert_eq!(counter.woken(), before);
    }
}

type Value = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;

#[interface]
trait Alarm {
    /// Is over at this poll, the first being 1; with a panic, if that is the wish.
    async fn ring(&self, at: u64, panics: bool) -> Result<u64, Error>;
    fn value(&self, at: u64, panics: bool) -> Result<Value, Error>;
}

struct WakesWhenDropped;

/// Wakes whoever waits as it is dropped.
struct Ringing {
    left: u64,
    panics: bool,
    waker: Option<Waker>,
}

impl Future for Ringing {
    type Output = Result<u64, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.waker = Some(context.waker().clone());
        self.left -= 1;
        assert!(!(self.panics && self.left == 0), "told to");
        if self.left == 0 {
            return Poll::Ready(Ok(7));
        }
        Poll::Pending
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

fn ringing(at: u64, panics: bool) -> Value {
    let (left, waker) = (at, None);
    Box::pin(Ringing {
        left,
        panics,
        waker,
    })
}

#[interface]
impl Alarm for WakesWhenDropped {
    async fn ring(&self, at: u64, panics: bool) -> Result<u64, Error> {
        ringing(at, panics).await
    }
    fn value(&self, at: u64, panics: bool) -> Result<Value, Error> {
        Ok(ringing(at, panics))
    }
}

/// K18. A caller may hold a lock while it drops a future, and its waker may want that. Fails when a future is dropped while its
/// waker still leads to the caller: at the end, after a panic, or when the caller gives up.
#[test]
fn future_that_wakes_when_it_is_dropped_wakes_nobody() {
    let policy = Policy::builder().inbound(allow!(dyn Alarm: ring, value));
    let membrane = Membrane::new(policy.build().unwrap());
    let alarm = membrane
        .wrap::<dyn Alarm>(Arc::new(WakesWhenDropped))
        .unwrap();
    for (at, panics) in [(1, false), (1, true), (2, false), (2, true), (9, false)] {
        for value in [false, true] {
            if !value && at < 9 {
                // An `async fn` drops what it waits for while it is polled: the call is not over by then.
                continue;
            }
            let (counter, waker) = Counter::new();
            let mut future = if value {
                alarm.value(at, panics).unwrap()
            } else {
                let alarm = alarm.clone();
                Box::pin(async move { alarm.ring(at, panics).await })
            };
            let first = poll(&mut future, &waker);
            assert_eq!(first.is_pending(), at > 1);
            if at == 2 {
                assert!(poll(&mut future, &waker).is_ready());
            }
            assert_eq!(counter.woken(), 0, "over at {at}, {panics}, {value}");
            drop(future);
            assert_eq!(counter.woken(), 0, "given up at {at}, {panics}, {value}");
        }
    }
}

/// A future that is never dropped, and the proxy with it: the revoker still finds what it left.
#[test]
fn forgotten_call_is_dropped_by_the_revoker() {
    let census = Census::default();
    let (membrane, house) = (Membrane::new(policy()), House::new(&census));
    let lent = membrane.wrap::<dyn Library>(house).unwrap();
    let mut future = Box::pin(async move { lent.wait(1).await });
    assert!(poll_idly(&mut future).is_pending());
    keep_for_ever(future);
    assert_eq!(census.alive(), 3);
    membrane.revoke("over");
    assert_eq!(census.alive(), 0);
}

#[interface]
trait Bomb {
    async fn tick(&self, over: bool) -> Result<u64, Error>;
}

struct Clock(Arc<Bell>);

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl Bomb for Clock {
    fn tick(&self, over: bool) -> Boxed<'_, Result<u64, Error>> {
        let bomb = PanicsWhenDropped;
        Box::pin(std::future::poll_fn(move |context| {
            let _ = &bomb;
            if over {
                return Poll::Ready(Ok(1));
            }
            pin!(self.0.rung()).poll(context).map(|()| Ok(0))
        }))
    }
}

/// E6: the target's future panics when it is dropped: at its end, on cancellation, on revocation.
#[test]
fn future_whose_drop_panics_harms_nobody() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Bomb: tick))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let lent = membrane
        .wrap::<dyn Bomb>(Arc::new(Clock(Bell::new())))
        .unwrap();
    assert_kind(block_on(lent.tick(true)), ErrorKind::Panicked);
    let mut cancelled = lent.tick(false);
    assert!(poll_idly(&mut cancelled).is_pending());
    drop(cancelled);
    let mut waiting = lent.tick(false);
    assert!(poll_idly(&mut waiting).is_pending());
    membrane.revoke("over");
    assert_revoked(block_on(waiting), "over");
}
