//! Wakers that misbehave, and what the target's side sees of them: nothing.

use super::executors::{Boxed, Counter, block_on, poll, poll_idly};
use super::library::{House, Library, policy};
use membrane::{Direction, Error, Membrane, Policy};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};
use tests::{Census, assert_revoked, keep_for_ever, soon};

/// A caller's waker that does what a test wants done.
struct Hostile {
    on_wake: Box<dyn Fn() + Send + Sync>,
    on_drop: Box<dyn Fn() + Send + Sync>,
}

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {
        (self.on_wake)();
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        (self.on_drop)();
    }
}

fn hostile(
    on_wake: impl Fn() + Send + Sync + 'static,
    on_drop: impl Fn() + Send + Sync + 'static,
) -> Waker {
    Waker::from(Arc::new(Hostile {
        on_wake: Box::new(on_wake),
        on_drop: Box::new(on_drop),
    }))
}

fn lent(census: &Census) -> (Membrane, Arc<House>, Arc<dyn Library>) {
    let (membrane, house) = (Membrane::new(policy()), House::new(census));
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    (membrane, house, lent)
}

/// Fails when the context of the caller is handed on.
#[test]
fn target_never_sees_the_callers_waker() {
    let (_membrane, house, lent) = lent(&Census::default());
    let (counter, waker) = Counter::new();
    let mut future = lent.wait(1);
    for _ in 0..3 {
        assert!(poll(&mut future, &waker).is_pending());
    }
    let seen = house.bell.wakers();
    assert_eq!(seen.len(), 3);
    for seen in &seen {
        assert!(!seen.will_wake(&waker) && seen.data() != waker.data());
        assert!(seen.vtable() != waker.vtable());
    }
    assert_eq!(counter.woken(), 0);
    house.bell.ring();
    assert_eq!(counter.woken(), 1, "of three wake-ups one was needed");
    assert_eq!(poll(&mut future, &waker), Poll::Ready(Ok(2)));
}

/// The last waker counts, as everywhere.
#[test]
fn caller_may_move_to_another_waker() {
    let (membrane, house, lent) = lent(&Census::default());
    let ((first, one), (second, two)) = (Counter::new(), Counter::new());
    let mut future = lent.wait(1);
    assert!(poll(&mut future, &one).is_pending());
    assert!(poll(&mut future, &two).is_pending());
    house.bell.knock();
    assert_eq!((first.woken(), second.woken()), (0, 1));
    // Woken and polled again, it is woken again.
    assert!(poll(&mut future, &two).is_pending());
    house.bell.knock();
    assert_eq!(second.woken(), 2);
    assert!(poll(&mut future, &one).is_pending());
    membrane.revoke("over");
    assert_eq!((first.woken(), second.woken()), (1, 2));
}

#[test]
fn waker_that_panics_harms_nobody() {
    for by_revocation in [true, false] {
        let census = Census::default();
        let (membrane, house, lent) = lent(&census);
        let waker = hostile(|| panic!("woken"), || panic!("dropped"));
        let mut future = lent.wait(1);
        assert!(poll(&mut future, &waker).is_pending());
        // Another caller is told, too.
        let (counter, patient) = Counter::new();
        let mut other = lent.wait(2);
        assert!(poll(&mut other, &patient).is_pending());
        keep_for_ever(waker);
        if by_revocation {
            membrane.revoke("over");
            assert_revoked(block_on(future), "over");
            assert_revoked(block_on(other), "over");
        } else {
            house.bell.ring();
            assert_eq!((block_on(future), block_on(other)), (Ok(2), Ok(4)));
        }
        assert_eq!(counter.woken(), 1);
    }
}

/// E9, E10. Under a lock of ours, each of these would be a deadlock.
#[test]
fn waker_may_come_back_from_wherever_it_runs() {
    type Calls = Arc<Mutex<Option<Boxed<'static, Result<u64, Error>>>>>;
    let scenarios: [fn(&Membrane, &Calls); 4] = [
        |membrane, _| membrane.revoke("from a waker"),
        |_, kept| drop(kept.lock().unwrap().take()),
        |_, kept| {
            let future = kept.lock().unwrap().take();
            if let Some(mut future) = future
                && let Poll::Ready(result) = poll_idly(&mut future)
            {
                assert_revoked(result, "over");
            }
        },
        |membrane, _| {
            assert!(
                membrane
                    .revoke_and_wait("again", std::time::Duration::MAX)
                    .is_ok()
            );
        },
    ];
    for scenario in scenarios {
        for (on_wake, on_drop) in [(true, false), (false, true), (true, true)] {
            for by_revocation in [true, false] {
                soon(move || {
                    let census = Census::default();
                    let (membrane, house, lent) = lent(&census);
                    let kept: Calls = Arc::default();
                    let run = |runs: bool| {
                        let (membrane, kept) = (membrane.clone(), kept.clone());
                        move || {
                            if runs && membrane.is_revoked() == by_revocation {
                                scenario(&membrane, &kept);
                            }
                        }
                    };
                    let waker = hostile(run(on_wake), run(on_drop));
                    // `'static`, so that the waker may hold it.
                    let mut future: Boxed<'static, _> = Box::pin(async move { lent.wait(1).await });
                    assert!(poll(&mut future, &waker).is_pending());
                    *kept.lock().unwrap() = Some(future);
                    drop(waker);
                    if by_revocation {
                        membrane.revoke("over");
                    } else {
                        house.bell.ring();
                    }
                    let remaining = kept.lock().unwrap().take();
                    if let Some(future) = remaining {
                        let _ = block_on(future);
                    }
                    drop(house);
                    membrane.revoke("over");
                    assert_eq!(census.alive(), 0);
                });
            }
        }
    }
}

/// A future that wakes while it is polled, as `yield_now` does.
#[test]
fn future_may_wake_from_inside_its_poll() {
    let membrane = Membrane::new(Policy::deny_all());
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let future: Boxed<'static, Result<usize, Error>> =
        Box::pin(std::future::poll_fn(move |context| {
            let before = counted.fetch_add(1, SeqCst);
            context.waker().wake_by_ref();
            if before < 5 {
                return Poll::Pending;
            }
            Poll::Ready(Ok(before))
        }));
    let lent = membrane.pass(future, Direction::Outbound).unwrap();
    assert_eq!(block_on(lent), Ok(5));
    assert_eq!(polls.load(SeqCst), 6);
}

/// A target that is called twice in one future, as by `select`, is no concern of the membrane's.
#[test]
fn many_calls_in_one_task_have_a_waker_each() {
    let census = Census::default();
    let (membrane, house, lent) = lent(&census);
    let (counter, waker) = Counter::new();
    let mut futures: Vec<_> = (0..5).map(|number| lent.wait(number)).collect();
    for future in &mut futures {
        assert!(poll(future, &waker).is_pending());
    }
    house.bell.ring();
    assert_eq!(counter.woken(), 5);
    for (number, future) in (0..).zip(&mut futures) {
        assert_eq!(poll(future, &waker), Poll::Ready(Ok(2 * number)));
    }
    assert_eq!(membrane.live_proxies(), 1);
}
