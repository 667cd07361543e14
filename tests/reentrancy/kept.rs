//! What the membrane keeps for somebody may own the next proxy, whose membrane keeps more of the same, and so on: it is
//! dropped on a bounded stack, and a panic of its `Drop` goes no further.

use super::*;
use membrane::{Clock, Conditions, rule};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

type Proxy = Arc<dyn Worker>;
type Never = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A membrane that keeps something which owns `next`.
type Keeps = fn(next: Proxy) -> Membrane;

struct Owns(Proxy);

impl Clock for Owns {
    fn now(&self) -> Duration {
        Duration::from_secs(u64::from(Arc::strong_count(&self.0) > 9))
    }
}

fn in_a_rule(next: Proxy) -> Membrane {
    let rule = rule!(dyn Worker: run, move || next.run().is_ok());
    let policy = Policy::builder().inbound(allow!(dyn Worker: run));
    Membrane::new(policy.inbound_rule(rule).build().unwrap())
}

fn in_a_clock(next: Proxy) -> Membrane {
    let conditions = Conditions::builder()
        .expires_after(Duration::from_secs(9))
        .clock(Arc::new(Owns(next)));
    Membrane::with_conditions(worker_policy(), &conditions.build().unwrap()).unwrap()
}

fn in_an_observer(next: Proxy) -> Membrane {
    let membrane = Membrane::new(worker_policy());
    membrane.on_dropped(move || drop(next));
    membrane
}

fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let small = Builder::new().stack_size(if tests::sanitized() {
        4 << 20
    } else {
        512 << 10
    });
    small.spawn(f).unwrap().join().unwrap();
}

/// K13. Fails with a stack overflow if any of the three is dropped, or called, where it is found.
#[test]
fn long_line_through_what_membranes_keep_is_dropped_and_revoked() {
    let long = sized(50_000, 300);
    for keeps in [in_a_rule as Keeps, in_a_clock, in_an_observer] {
        let line = move || {
            let census = Census::default();
            let mut next = plain_worker();
            for _ in 0..long {
                let membrane = keeps(next);
                next = membrane.wrap(Scripted::counted(&census).share()).unwrap();
            }
            (next, census)
        };
        on_a_small_stack(move || {
            let (last, census) = line();
            assert_eq!(census.alive(), long);
            drop(last);
            assert_eq!(census.alive(), 0);

            let (last, census) = line();
            let owner = keeps(last);
            let lent = owner.wrap(plain_worker()).unwrap();
            owner.revoke("from the top");
            assert_revoked(lent.run(), "from the top");
            drop((owner, lent));
            assert_eq!(census.alive(), 0);
        });
    }
}

#[interface]
trait Waits {
    fn wait(&self) -> Result<Never, Error>;
}

struct Forever;

impl Waits for Forever {
    fn wait(&self) -> Result<Never, Error> {
        Ok(Box::pin(std::future::pending()))
    }
}

/// A waker that owns a future, which waits by a waker that owns a future.
#[expect(dead_code, reason = "owned, and dropped with it")]
struct Waiter(Mutex<Option<Never>>);

impl Wake for Waiter {
    fn wake(self: Arc<Self>) {}
}

/// K13. Fails with a stack overflow if a waker is dropped where it is found.
#[test]
fn long_line_through_wakers_is_dropped_and_revoked() {
    let long = sized(50_000, 300);
    let line = move |membrane: &Membrane| {
        let waits = membrane.wrap::<dyn Waits>(Arc::new(Forever)).unwrap();
        let mut last = None;
        for _ in 0..long {
            let mut next = waits.wait().unwrap();
            let waker = Waker::from(Arc::new(Waiter(Mutex::new(last))));
            let polled = next.as_mut().poll(&mut Context::from_waker(&waker));
            assert_eq!(polled, Poll::Pending);
            last = Some(next);
        }
        last.expect("one at least")
    };
    let waiting = || {
        let policy = Policy::builder().inbound(allow!(dyn Waits: wait));
        Membrane::new(policy.build().unwrap())
    };
    on_a_small_stack(move || {
        let membrane = waiting();
        let last = line(&membrane);
        assert_eq!(membrane.live_proxies(), long);
        drop(last);
        assert_eq!(membrane.live_proxies(), 0);

        // The owner of one membrane wakes somebody who owns all the rest.
        let (membrane, owner) = (waiting(), waiting());
        let last = line(&membrane);
        let waits = owner.wrap::<dyn Waits>(Arc::new(Forever)).unwrap();
        let mut first = waits.wait().unwrap();
        let waker = Waker::from(Arc::new(Waiter(Mutex::new(Some(last)))));
        let polled = first.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
        drop(waker);
        owner.revoke("from the top");
        assert_eq!(membrane.live_proxies(), 0);
    });
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

/// K11. The owner drops the last proxy of a grant that somebody else made, with a rule of theirs. Fails if the closure is
/// dropped where its policy is.
#[test]
fn panic_in_the_drop_of_a_rule_does_not_reach_whoever_drops_the_last_proxy() {
    let bomb = Bomb;
    let rule = rule!(dyn Worker: run, move || {
        let _whole = &bomb;
        true
    });
    let policy = Policy::builder().outbound(allow!(dyn Worker: run));
    let owner = Membrane::new(policy.clone().build().unwrap());
    let theirs = owner.attenuate(&policy.outbound_rule(rule).build().unwrap());
    let kept = theirs.unwrap().wrap_inbound(plain_worker()).unwrap();
    assert_eq!(kept.run(), Ok(7));
    drop(kept);
}

/// An object that wraps itself when it is asked what it is.
struct Asks(Membrane, OnceLock<Weak<dyn Deep>>, AtomicUsize);

impl Deep for Asks {
    fn deeper(&self, _: u64) -> Answer {
        Ok(0)
    }
    fn closure(&self) -> Result<Closure, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn items(&self) -> Result<Items, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn meet(&self, _: Arc<dyn Deep>) -> Answer {
        Ok(0)
    }
    fn __membrane_deep(&self, _: &membrane::__private::Query<'_>) {
        self.2.fetch_add(1, SeqCst);
        let me = self.1.get().and_then(Weak::upgrade).expect("it is asked");
        let _ = self.0.wrap(me);
    }
}

/// K13. Fails with a stack overflow if nobody counts how many objects are asked inside each other.
#[test]
fn object_that_wraps_itself_when_it_is_asked_is_too_deep() {
    on_a_small_stack(|| {
        let membrane = Membrane::new(Policy::deny_all());
        let asks = Arc::new(Asks(membrane.clone(), OnceLock::new(), AtomicUsize::new(0)));
        let me: Arc<dyn Deep> = asks.clone();
        asks.1.set(Arc::downgrade(&me)).unwrap();
        drop(membrane.wrap(me.clone()));
        let asked = asks.2.swap(0, SeqCst);
        assert!((2..=128).contains(&asked), "{asked}");
        // And no more the next time.
        drop(membrane.wrap(me));
        assert_eq!(asks.2.load(SeqCst), asked);
    });
}
