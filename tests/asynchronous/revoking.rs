//! Revocation of calls that are not over: the caller is woken at once, and the inner future is dropped.

use super::executors::{Bell, Counter, EXECUTORS, Executor, block_on, poll, poll_idly};
use super::library::{House, Library, policy};
use membrane::{Direction, Error, Membrane, Policy, RunningCall, WaitError, allow, interface};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Wake, Waker};
use std::thread::{ThreadId, current};
use std::time::{Duration, Instant};
use tests::{Census, Door, SOON, Token, assert_revoked, sized, soon, start};

/// A house that is lent, and a caller in its own thread that waits for it.
fn waiting(
    executor: Executor,
    membrane: &Membrane,
    house: &Arc<House>,
) -> tests::Started<Result<u64, Error>> {
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let caller = start(move || executor.run(async move { lent.wait(1).await }));
    while house.bell.wakers().is_empty() {
        std::thread::yield_now();
    }
    caller
}

/// Fails when `revoke` wakes nobody.
#[test]
fn waiting_caller_is_woken_by_a_revocation() {
    for executor in EXECUTORS {
        let census = Census::default();
        let root = Membrane::new(policy());
        let grant = root.grant(&policy()).unwrap();
        let further = grant.attenuate(&policy()).unwrap();
        let other = root.grant(&policy()).unwrap();
        let house = House::new(&census);
        let caller = waiting(executor, &further, &house);
        let elsewhere = House::new(&census);
        let untouched = waiting(executor, &other, &elsewhere);
        grant.revoke("visitors out");
        assert_revoked(caller.finish(), "visitors out");
        drop(house);
        assert_eq!(
            census.alive(),
            3,
            "the other house, its book and its future"
        );
        assert!(untouched.is_running());
        elsewhere.bell.ring();
        assert_eq!(untouched.finish(), Ok(2), "a sibling lives on");
    }
}

/// The other way: the owner waits for an object of the dry side.
#[test]
fn waiting_owner_is_woken_by_a_revocation() {
    for executor in EXECUTORS {
        let census = Census::default();
        let membrane = Membrane::new(policy());
        let house = House::new(&census);
        let plugin = membrane.wrap_inbound::<dyn Library>(house.clone()).unwrap();
        let owner = start(move || executor.run(async move { plugin.wait(1).await }));
        while house.bell.wakers().is_empty() {
            std::thread::yield_now();
        }
        drop(house);
        membrane.revoke("unloaded");
        assert_revoked(owner.finish(), "unloaded");
        assert_eq!(census.alive(), 0);
    }
}

/// Notes its name when it is woken.
struct Noted(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// The dry side's waker may block for ever: what it is called after is for the owner.
///
/// Fails if `Tables::waiters` takes the directions the other way round, or as the tables come.
#[test]
fn owner_who_waits_is_woken_before_a_holder_who_waits() {
    for owner_waits_first in [false, true] {
        let membrane = Membrane::new(policy());
        let house = House::new(&Census::default());
        let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
        let plugin = membrane.wrap_inbound::<dyn Library>(house.clone()).unwrap();
        let woken = Arc::default();
        let waker = |name| Waker::from(Arc::new(Noted(name, Arc::clone(&woken))));
        let mut waiting = [("holder", lent.wait(1)), ("owner", plugin.wait(1))];
        if owner_waits_first {
            waiting.reverse();
        }
        for (name, future) in &mut waiting {
            assert!(poll(future, &waker(name)).is_pending());
        }
        membrane.revoke("over");
        assert_eq!(*woken.lock().unwrap(), ["owner", "holder"]);
    }
}

#[interface]
trait Slow {
    async fn forever(&self) -> Result<(), Error>;
    fn nothing(&self) -> Result<(), Error>;
}

/// Blocks in its `Drop` until the door is open, and so does each of its futures.
struct Stuck(Arc<Door>, Arc<Bell>);

struct Blocks(Arc<Door>);

impl Drop for Blocks {
    fn drop(&mut self) {
        self.0.pass();
    }
}

#[interface]
impl Slow for Stuck {
    async fn forever(&self) -> Result<(), Error> {
        let _blocks = Blocks(self.0.clone());
        self.1.rung().await;
        Ok(())
    }
    fn nothing(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.pass();
    }
}

/// Fails when the callers are woken after the freeing, or each with its own future's.
#[test]
fn waiting_caller_is_woken_whatever_a_drop_waits_for() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Slow: forever, nothing))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let (door, bell) = (Door::shut(), Bell::new());
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let stuck = Arc::new(Stuck(door.clone(), bell.clone()));
            let lent = membrane.wrap::<dyn Slow>(stuck).unwrap();
            start(move || (block_on(lent.forever()), lent))
        })
        .collect();
    while bell.wakers().len() < 3 {
        std::thread::yield_now();
    }
    let revoking = start({
        let membrane = membrane.clone();
        move || membrane.revoke("over")
    });
    // None of them can drop anything: the door is shut.
    let lent: Vec<_> = callers
        .into_iter()
        .map(|caller| {
            let (result, lent) = caller.finish();
            assert_revoked(result, "over");
            lent
        })
        .collect();
    door.await_arrivals(1);
    assert!(revoking.is_running());
    door.open();
    revoking.finish();
    drop(lent);
}

/// An observer may wait for a running call that waits for an async one.
///
/// Fails when the callers are woken after the observers.
#[test]
fn observer_may_wait_for_a_call_that_waits() {
    let census = Census::default();
    let membrane = Membrane::new(policy());
    let house = House::new(&census);
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let blocking: Arc<dyn Fn() -> Result<u64, Error> + Send + Sync> =
        Arc::new(move || block_on(lent.wait(1)));
    let blocking = membrane.pass(blocking, Direction::Outbound).unwrap();
    let caller = start(move || blocking());
    while house.bell.wakers().is_empty() {
        std::thread::yield_now();
    }
    let waiting = membrane.clone();
    membrane.on_revoke(move |_| {
        assert_eq!(waiting.revoke_and_wait("again", Duration::MAX), Ok(()));
    });
    let revoking = membrane.clone();
    soon(move || revoking.revoke("over"));
    assert_revoked(caller.finish(), "over");
}

/// What a future does while it is polled, and who dropped it.
struct Polled {
    door: Arc<Door>,
    dropped_by: std::sync::mpsc::Sender<ThreadId>,
    _token: Token,
}

impl Drop for Polled {
    fn drop(&mut self) {
        let _ = self.dropped_by.send(current().id());
    }
}

#[interface]
trait Work {
    /// Waits for the bell, then at the door, in one poll.
    async fn job(&self) -> Result<u64, Error>;
}

struct Worker {
    census: Census,
    first: Arc<Bell>,
    door: Arc<Door>,
    dropped_by: Mutex<std::sync::mpsc::Sender<ThreadId>>,
    forever: Arc<Bell>,
}

#[interface]
impl Work for Worker {
    async fn job(&self) -> Result<u64, Error> {
        let polled = Polled {
            door: self.door.clone(),
            dropped_by: self.dropped_by.lock().unwrap().clone(),
            _token: self.census.token(),
        };
        self.first.rung().await;
        polled.door.pass();
        self.forever.rung().await;
        Ok(1)
    }
}

/// A poll is a running call of the method's own name; the future that it is in is dropped at its end, by whoever polled.
///
/// Fails when `Waiting` has no label, or when `begin` does not list the future inside the call.
#[test]
fn poll_in_progress_counts_as_the_methods_call() {
    for in_first_poll in [true, false] {
        let (send, dropped_by) = std::sync::mpsc::channel();
        let (census, door, first) = (Census::default(), Door::shut(), Bell::new());
        let forever = Bell::new();
        let worker = Worker {
            census: census.clone(),
            first: first.clone(),
            door: door.clone(),
            dropped_by: Mutex::new(send),
            forever: forever.clone(),
        };
        let policy = Policy::builder().inbound(allow!(dyn Work: job));
        let membrane = Membrane::new(policy.build().unwrap());
        let lent = membrane.wrap::<dyn Work>(Arc::new(worker)).unwrap();
        if in_first_poll {
            first.ring();
        }
        let caller = start(move || block_on(lent.job()));
        if !in_first_poll {
            while first.wakers().is_empty() {
                std::thread::yield_now();
            }
            first.ring();
        }
        door.await_arrivals(1);
        let caller_id = caller.id();
        // The owner sees the same before it revokes.
        let seen = &membrane.snapshot().grants[0].running;
        assert_eq!(
            (&*seen[0].interface, seen[0].method.as_deref()),
            ("Work", Some("job"))
        );
        let result = membrane.revoke_and_wait("stop", Duration::from_millis(1));
        let Err(WaitError::TimedOut(calls)) = result else {
            panic!("{result:?}")
        };
        let [call] = &calls[..] else {
            panic!("{calls:?}")
        };
        assert_eq!((call.interface, call.method), ("Work", Some("job")));
        assert_eq!(census.alive(), 1, "not dropped in the midst of a poll");
        let waiting = start(move || membrane.revoke_and_wait("stop", Duration::MAX));
        door.open();
        assert_eq!(waiting.finish(), Ok(()));
        assert_eq!(census.alive(), 0, "dropped before the wait is over");
        assert_revoked(caller.finish(), "stop");
        assert_eq!(dropped_by.recv_timeout(SOON), Ok(caller_id));
        assert!(forever.wakers().len() <= 1);
    }
}

#[test]
fn future_as_a_value_and_its_polls_have_a_name() {
    let membrane = Membrane::new(Policy::deny_all());
    let door = Door::shut();
    let future: super::executors::Boxed<'static, Result<u64, Error>> = Box::pin({
        let door = door.clone();
        async move {
            door.pass();
            Ok(1)
        }
    });
    let future = membrane.pass(future, Direction::Outbound).unwrap();
    let caller = start(move || block_on(future));
    door.await_arrivals(1);
    let name = RunningCall::clone(match &membrane.revoke_and_wait("stop", Duration::ZERO) {
        Err(WaitError::TimedOut(calls)) => &calls[0],
        other => panic!("{other:?}"),
    });
    assert_eq!(name.to_string(), "Future::poll");
    door.open();
    assert_revoked(caller.finish(), "stop");
}

/// Nothing of what waits idly is waited for: it is dropped.
#[test]
fn idle_futures_are_dropped_by_the_revoker() {
    let census = Census::default();
    let membrane = Membrane::new(policy());
    let house = House::new(&census);
    let lent = membrane.wrap::<dyn Library>(house).unwrap();
    let mut futures: Vec<_> = (0..10).map(|number| lent.wait(number)).collect();
    let (counter, waker) = Counter::new();
    for future in &mut futures {
        assert!(poll(future, &waker).is_pending());
    }
    assert_eq!((census.alive(), membrane.live_proxies()), (12, 11));
    assert_eq!(membrane.revoke_and_wait("over", Duration::ZERO), Ok(()));
    assert_eq!((census.alive(), counter.woken()), (0, 10));
    for future in futures {
        assert_revoked(block_on(future), "over");
    }
}

/// A result that is there when the scope is cut is not delivered.
#[test]
fn result_of_a_poll_that_revokes_is_withheld() {
    #[interface]
    trait Quits {
        async fn quit(&self, later: bool) -> Result<Vec<u8>, Error>;
    }
    struct Quitter(Membrane, Arc<Bell>, Census);
    #[interface]
    impl Quits for Quitter {
        async fn quit(&self, later: bool) -> Result<Vec<u8>, Error> {
            let _token = self.2.token();
            if later {
                self.1.rung().await;
            }
            self.0.revoke("quit");
            assert_eq!(self.2.alive(), 1, "in use");
            Ok(vec![1])
        }
    }
    for later in [false, true] {
        let policy = Policy::builder().inbound(allow!(dyn Quits: quit));
        let membrane = Membrane::new(policy.build().unwrap());
        let (bell, census) = (Bell::new(), Census::default());
        let quitter = Quitter(membrane.clone(), bell.clone(), census.clone());
        let lent = membrane.wrap::<dyn Quits>(Arc::new(quitter)).unwrap();
        let mut future = lent.quit(later);
        if later {
            assert!(poll_idly(&mut future).is_pending());
            bell.ring();
        }
        let Poll::Ready(result) = poll_idly(&mut future) else {
            panic!("revoked")
        };
        assert_revoked(result, "quit");
        assert_eq!(census.alive(), 0);
    }
}

/// Fails when a revocation does not close the relays.
#[test]
fn target_cannot_wake_a_caller_after_the_revocation() {
    let census = Census::default();
    let membrane = Membrane::new(policy());
    let house = House::new(&census);
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    let (counter, waker) = Counter::new();
    let mut future = lent.wait(1);
    assert!(poll(&mut future, &waker).is_pending());
    membrane.revoke("over");
    assert_eq!(counter.woken(), 1);
    drop(waker);
    assert_eq!(
        Arc::strong_count(&counter),
        1,
        "nobody keeps the caller's waker"
    );
    house.bell.ring();
    assert_eq!(counter.woken(), 1);
    assert_revoked(block_on(future), "over");
}

/// Every caller ends, whenever the revocation comes: with its result, or with `Revoked`.
#[test]
fn no_wake_up_is_lost_in_a_race() {
    for round in 0..sized(2_000, 20) {
        let census = Census::default();
        let membrane = Membrane::new(policy());
        let house = House::new(&census);
        let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
        let barrier = Arc::new(Barrier::new(3));
        let caller = start({
            let (barrier, lent) = (barrier.clone(), lent.clone());
            move || {
                barrier.wait();
                block_on(lent.wait(1))
            }
        });
        let ringing = start({
            let (barrier, house) = (barrier.clone(), house.clone());
            move || {
                barrier.wait();
                if round % 2 == 0 {
                    house.bell.knock();
                } else {
                    house.bell.ring();
                }
            }
        });
        barrier.wait();
        for _ in 0..round % 100 {
            std::hint::spin_loop();
        }
        membrane.revoke("race");
        match caller.finish() {
            Ok(result) => assert_eq!((result, round % 2), (2, 1)),
            Err(error) => assert_revoked::<()>(Err(error), "race"),
        }
        ringing.finish();
        drop((house, lent));
        assert_eq!(census.alive(), 0);
    }
}

/// From the start of `revoke` until the caller, parked in [`block_on`], has its error: once per round.
pub(crate) fn latencies(rounds: usize) -> Vec<Duration> {
    let census = Census::default();
    let house = House::new(&census);
    let mut latencies: Vec<_> = (0..rounds)
        .map(|_| {
            let membrane = Membrane::new(policy());
            let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
            let before = house.bell.wakers().len();
            let caller = start(move || {
                let result = block_on(lent.wait(1));
                (result, Instant::now())
            });
            while house.bell.wakers().len() == before {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(200));
            let begin = Instant::now();
            membrane.revoke("over");
            let (result, end) = caller.finish();
            assert_revoked(result, "over");
            end.duration_since(begin)
        })
        .collect();
    latencies.sort_unstable();
    latencies
}

/// Prints the latency from the revocation to the caller's wake-up, with `--nocapture`.
#[test]
fn latency_of_the_wake_up_is_that_of_a_thread() {
    let latencies = latencies(sized(500, 5));
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    println!(
        "revoke to the caller's error: median {:?}, 99 % {:?}, most {:?}",
        at(50),
        at(99),
        at(100)
    );
    assert!(at(50) < SOON / 10, "{:?}", at(50));
}
