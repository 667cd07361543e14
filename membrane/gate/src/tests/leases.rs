//! Holds and calls without frames, on one thread and on two.

use super::fixture::{Held, Target, cut, held, held_with, scope, scopes, weak};
use crate::sync::{AtomicUsize, SeqCst};
use crate::{
    Cell, HELD, Hold, Kept, Options, Refusal, Scope, WaitFailure, depth, drop_flat, sever,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// A hold and its share, dropped in the order that they ask for.
struct Lease {
    kept: Kept<Target, ()>,
    hold: Hold<()>,
}

fn lease(of: &Held) -> Option<Lease> {
    let (hold, target) = of.cell.hold()?;
    Some(Lease {
        kept: Kept::new(&hold, target),
        hold,
    })
}

impl Lease {
    /// What is asserted in `f` is heard also if the result is withheld.
    fn call<R>(&self, f: impl FnOnce(&Target) -> R) -> Result<R, Refusal> {
        let mut failed = None;
        let call = |target: &Target| {
            catch_unwind(AssertUnwindSafe(|| f(target))).map_err(|payload| {
                failed = Some(payload);
                Refusal::Panicked
            })
        };
        let result = self.kept.call(call, refusal);
        if let Some(payload) = failed {
            resume_unwind(payload);
        }
        result
    }

    fn leave(self) {
        drop(self.kept);
        drop(self.hold);
    }
}

fn refusal(_: &Scope<()>, refusal: Refusal) -> Refusal {
    refusal
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

#[test]
fn held_target_is_called_without_a_frame_until_the_cut_and_dropped_with_the_hold() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let lease = lease(&held).expect("live");
        assert!(Arc::ptr_eq(lease.kept.scope(), lease.hold.scope()));
        for turn in 0..3 {
            assert!(lease.kept.is_open());
            assert_eq!(lease.call(|_| (turn, depth())), Ok((turn, 0)));
        }
        held.revoke();
        assert!(!lease.kept.is_open());
        assert_eq!(held.drops(), 0, "in use");
        assert_eq!(lease.call(|_| ()), Err(Refusal::Revoked));
        assert!(matches!(scope.wait(Some(soon())), Err(WaitFailure::Inside)));
        assert!(scope.is_inside());
        lease.leave();
        assert_eq!(held.drops(), 1);
        assert!(scope.is_drained() && !scope.is_inside());
        assert!(scope.wait(None).is_ok());
    }
}

#[test]
fn idle_hold_that_ends_before_the_cut_leaves_nothing_behind() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        for _ in 0..3 {
            lease(&held).expect("live").leave();
        }
        assert_eq!(held.drops(), 0);
        held.revoke();
        assert_eq!(held.drops(), 1, "nothing names the cell");
    }
}

#[test]
fn target_is_dropped_by_the_last_of_holds_and_calls() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let (one, other) = (lease(&held).expect("live"), lease(&held).expect("live"));
        let result = held.call(|_| {
            held.revoke();
            one.leave();
            assert_eq!(held.drops(), 0, "in use");
        });
        assert_eq!(result, Err(Refusal::Revoked));
        assert_eq!(held.drops(), 0, "held");
        other.leave();
        assert_eq!(held.drops(), 1);
    }
}

/// Results of both shapes, delivered and withheld.
#[test]
fn results_of_every_size_come_through_or_are_withheld() {
    fn check<R: Clone + PartialEq + std::fmt::Debug>(value: &R) {
        for scope in scopes(Options::default()) {
            let held = held(&scope);
            let lease = lease(&held).expect("live");
            let kept = &lease.kept;
            for is_error in [false, true] {
                let made = || {
                    if is_error {
                        Err(Some(value.clone()))
                    } else {
                        Ok(value.clone())
                    }
                };
                let refused = |_: &Scope<()>, _| None;
                assert_eq!(kept.call(|_| made(), refused), made());
                let panicking = |_: &Target| -> Result<R, Option<R>> {
                    resume_unwind(Box::new("foreign"));
                };
                assert_eq!(kept.call(panicking, refused), Err(None));
            }
            let cut_meanwhile = kept.call(
                |_| {
                    held.revoke();
                    Ok(value.clone())
                },
                refusal,
            );
            assert_eq!(cut_meanwhile, Err(Refusal::Revoked));
            assert_eq!(held.drops(), 0);
            lease.leave();
            assert_eq!(held.drops(), 1);
        }
    }
    check(&());
    check(&7_u8);
    check(&u64::MAX);
    check(&String::from("a word more than fits"));
    check(&[7_u64; 8]);
    check(&[7_u64; 9]);
    check(&vec![[7_u8; 33]; 4]);
}

/// Edit that makes it fail: `Kept::settle` does not look at the state.
#[test]
fn result_is_withheld_and_dropped_when_the_call_revokes() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let lease = lease(&held).expect("live");
        let result = lease.call(|_| {
            held.revoke();
            assert_eq!(held.drops(), 0, "in use");
            Target {
                drops: held.drops.clone(),
                on_drop: Some(Box::new(|| panic!("foreign"))),
            }
        });
        assert_eq!(result.err(), Some(Refusal::Revoked));
        assert_eq!(held.drops(), 1, "the result");
        lease.leave();
        assert_eq!(held.drops(), 2, "and the target");
    }
}

/// Edit that makes it fail: `Kept::settle` withholds whatever it is given.
#[test]
fn result_is_delivered_when_a_guard_goes_up_during_the_call() {
    fn check<R: Clone + PartialEq + std::fmt::Debug>(value: &R) {
        for scope in scopes(Options::default()) {
            let held = held(&scope);
            let lease = lease(&held).expect("live");
            let result = lease.call(|_| {
                scope.guard();
                value.clone()
            });
            assert_eq!(result, Ok(value.clone()));
            assert!(!lease.kept.is_open(), "the next call is asked about");
            scope.unguard();
            assert!(lease.kept.is_open());
            lease.leave();
        }
    }
    check(&7_u8);
    check(&[7_u64; 8]);
}

#[test]
fn panic_ends_in_an_error_or_in_a_panic_without_its_payload() {
    struct Payload(Arc<AtomicUsize>);
    impl Drop for Payload {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            panic!("foreign");
        }
    }
    let drops: Arc<AtomicUsize> = Arc::default();
    let panic =
        |_: &Target| -> Result<(), Refusal> { resume_unwind(Box::new(Payload(drops.clone()))) };
    for propagate_panics in [false, true] {
        for scope in scopes(Options {
            propagate_panics,
            ..Options::default()
        }) {
            let held = held(&scope);
            let lease = lease(&held).expect("live");
            let call = |f: &dyn Fn(&Target) -> Result<(), Refusal>| {
                catch_unwind(AssertUnwindSafe(|| lease.kept.call(f, refusal)))
            };
            let before = drops.load(SeqCst);
            match call(&panic) {
                Ok(result) => {
                    assert_eq!((result, propagate_panics), (Err(Refusal::Panicked), false));
                }
                Err(payload) => assert!(propagate_panics && !payload.is::<Payload>()),
            }
            assert_eq!(drops.load(SeqCst), before + 1);
            // Revoked comes before panicked.
            let revoked = call(&|target| {
                held.revoke();
                panic(target)
            });
            assert_eq!(revoked.ok(), Some(Err(Refusal::Revoked)));
            lease.leave();
            assert_eq!(held.drops(), 1);
        }
    }
}

#[test]
fn hold_is_refused_in_a_cut_scope_and_beyond_the_depth_limit() {
    for scope in scopes(Options {
        depth_limit: 3,
        ..Options::default()
    }) {
        let held = held(&scope);
        let holds: Vec<_> = (0..3).map(|_| lease(&held).expect("room")).collect();
        assert!(lease(&held).is_none());
        // Calls have room of their own.
        assert_eq!(held.call(|_| held.call(|_| depth())), Ok(Ok(2)));
        holds.into_iter().for_each(Lease::leave);
        let inside = held.call(|_| {
            let holds = [lease(&held), lease(&held)];
            let full = lease(&held).is_none();
            let granted = holds.into_iter().flatten().map(Lease::leave).count();
            (granted, full)
        });
        assert_eq!(inside, Ok((2, true)));
        held.revoke();
        assert!(lease(&held).is_none());
        assert_eq!(held.drops(), 1);
    }
}

/// Forgets a lease where a leak checker finds it.
fn forget(lease: Lease) {
    struct Found(#[expect(dead_code, reason = "for the checker")] *mut Lease);
    // SAFETY: nobody follows it.
    unsafe impl Send for Found {}
    static FORGOTTEN: std::sync::Mutex<Vec<Found>> = std::sync::Mutex::new(Vec::new());
    let lease = Box::into_raw(Box::new(lease));
    FORGOTTEN.lock().unwrap().push(Found(lease));
}

#[test]
fn forgotten_hold_keeps_its_target_and_says_so() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let waiting = held.clone();
        // On a thread that ends: nobody is inside any more, and the target stays.
        thread::spawn(move || forget(lease(&held).expect("live")))
            .join()
            .unwrap();
        waiting.revoke();
        assert_eq!(waiting.drops(), 0);
        match waiting.scope().wait(Some(soon())) {
            Err(WaitFailure::TimedOut(running)) => {
                let methods: Vec<_> = running.iter().map(|call| call.method).collect();
                assert_eq!(methods, [HELD]);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn waiter_on_another_thread_waits_for_the_hold_and_is_woken_after_the_drop() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let lease = lease(&held).expect("live");
        let (started, is_started) = channel();
        let waiter = {
            let held = held.clone();
            thread::spawn(move || {
                held.revoke();
                let timed_out = held.scope().wait(Some(soon()));
                started.send(()).unwrap();
                let woken = held.scope().wait(None).is_ok();
                (
                    matches!(timed_out, Err(WaitFailure::TimedOut(_))),
                    woken,
                    held.drops(),
                )
            })
        };
        is_started.recv().unwrap();
        lease.leave();
        assert_eq!(waiter.join().unwrap(), (true, true, 1));
    }
}

/// Calls go through a share on any thread, and a revocation by one withholds the result of another.
#[test]
fn share_may_be_called_by_another_thread() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let lease = lease(&held).expect("live");
        let kept = &lease.kept;
        thread::scope(|threads| {
            let call = threads.spawn(|| {
                kept.call(
                    |target| {
                        held.revoke();
                        Ok(target.drops.load(SeqCst))
                    },
                    refusal,
                )
            });
            assert_eq!(call.join().unwrap(), Err(Refusal::Revoked));
        });
        assert_eq!(held.drops(), 0, "held");
        lease.leave();
        assert_eq!(held.drops(), 1);
    }
}

#[test]
fn hold_that_ends_inside_a_drop_or_a_panicking_drop_harms_nothing() {
    struct LeaveOnDrop(Option<Lease>);
    impl Drop for LeaveOnDrop {
        fn drop(&mut self) {
            self.0.take().expect("dropped once").leave();
        }
    }
    for scope in scopes(Options::default()) {
        let held = held_with(&scope, Some(Box::new(|| panic!("foreign"))));
        let guard = LeaveOnDrop(lease(&held));
        held.revoke();
        drop_flat(guard);
        assert_eq!(held.drops(), 1);
        assert!(scope.wait(None).is_ok());
    }
}

#[test]
fn unsized_targets_are_held_and_what_stands_for_them_is_kept() {
    let scope = scope();
    let text: Cell<str, ()> = Cell::new(scope.clone(), Arc::from("text"));
    let (first, target) = text.hold().expect("live");
    let kept: Kept<str, ()> = Kept::new(&first, target);
    let length = kept.call(|text| Ok(text.len()), refusal);
    assert_eq!(length, Ok(4));
    assert_eq!(format!("{kept:?}"), "Kept { .. }");
    drop(kept);
    drop(first);
    sever(vec![cut(&scope)], |_| Vec::new());
    let other_cell = held(&super::fixture::scope());
    let other: Arc<dyn std::fmt::Debug + Send + Sync> = Arc::new(7);
    let (second, target) = other_cell.cell.hold().expect("live");
    drop(target);
    let kept: Kept<dyn std::fmt::Debug + Send + Sync, ()> = Kept::new(&second, other);
    let shown = kept.call(|it| Ok(format!("{it:?}")), refusal);
    assert_eq!(shown.as_deref(), Ok("7"));
    sever(vec![cut(other_cell.scope())], |_| vec![weak(&other_cell)]);
    drop(kept);
    drop(second);
    assert_eq!(other_cell.drops(), 1);
}
