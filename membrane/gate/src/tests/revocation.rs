//! Cutting, severing, waiting, reporting; and holders that are dead, duplicate, foreign or lying.

use super::fixture::{Held, Target, cut, held, held_with, scope, scopes, weak};
use crate::sync::{AtomicUsize, Mutex, SeqCst, lock};
use crate::{Cell, Holder, Options, Reclaim, Scope, WaitFailure, isolate, sever};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn scope_keeps_its_options_and_data() {
    assert_eq!(
        Options::default(),
        Options {
            depth_limit: 128,
            propagate_panics: false
        }
    );
    let options = Options {
        depth_limit: 3,
        propagate_panics: true,
    };
    let mut scope = Scope::new(options, 7);
    *scope.data_mut() += 1;
    assert_eq!(*scope.data(), 8);
    assert_eq!(scope.options(), options);
    assert!(format!("{scope:?}").starts_with("Scope"));
}

#[test]
fn first_cut_counts_and_its_reason_stays_even_if_it_is_zero() {
    for scope in scopes(Options::default()) {
        assert!(!scope.is_revoked());
        assert_eq!(scope.reason(), 0);
        let cut = scope.cut(0).expect("the first");
        assert!(Arc::ptr_eq(cut.scope(), &scope));
        assert!(scope.is_revoked());
        assert!(scope.cut(9).is_none());
        assert_eq!(scope.reason(), 0);
        sever(vec![cut], |_| Vec::new());
        assert!(
            scope.cut(9).is_none(),
            "nothing left to free, and cut all the same"
        );
        assert_eq!(scope.reason(), 0);
    }
    let other = scope();
    let _cut = other.cut(7);
    assert_eq!(other.reason(), 7);
}

#[test]
fn nothing_is_asked_when_nothing_was_cut() {
    sever::<()>(Vec::new(), |_| unreachable!());
}

#[test]
fn many_scopes_are_severed_at_once_each_with_its_cells() {
    let cells: Vec<_> = (0..5).map(|_| held(&scope())).collect();
    let bystander = held(&scope());
    let cuts = cells.iter().map(|held| cut(held.scope())).collect();
    sever(cuts, |scope| {
        cells
            .iter()
            .filter(|held| Arc::ptr_eq(held.scope(), scope))
            .map(weak)
            .collect()
    });
    assert!(cells.iter().all(|held| held.drops() == 1));
    assert_eq!(bystander.call(|_| 7), Ok(7));
}

#[test]
fn dead_and_duplicate_holders_do_no_harm() {
    for scope in scopes(Options::default()) {
        let (dying, living) = (held(&scope), held(&scope));
        let (dead, drops) = (weak(&dying), dying.drops.clone());
        drop(dying);
        sever(vec![cut(&scope)], |_| {
            vec![dead.clone(), weak(&living), weak(&living), dead.clone()]
        });
        assert!(scope.wait(None).is_ok());
        assert_eq!((drops.load(SeqCst), living.drops()), (1, 1));
    }
}

#[test]
fn cells_of_other_scopes_are_left_alone() {
    let (mine, other) = (held(&scope()), held(&scope()));
    sever(vec![cut(mine.scope())], |_| vec![weak(&other), weak(&mine)]);
    assert_eq!((mine.drops(), other.drops()), (1, 0));
    assert_eq!(other.call(|_| 7), Ok(7));
}

#[test]
fn cell_left_out_of_the_list_refuses_and_keeps_its_target() {
    let held = held(&scope());
    sever(vec![cut(held.scope())], |_| Vec::new());
    assert!(held.scope().wait(None).is_ok(), "and is not waited for");
    assert!(held.call(|_| ()).is_err());
    assert_eq!(held.drops(), 0);
}

/// Answers with one cell after the other, the last one from then on.
struct Liar {
    cells: Vec<Arc<Held>>,
    asked: AtomicUsize,
}

impl Holder for Liar {
    fn cell(&self) -> &dyn Reclaim {
        let asked = self.asked.fetch_add(1, SeqCst);
        &self.cells[asked.min(self.cells.len() - 1)].cell
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("Target", None)
    }
}

#[test]
fn lying_holder_gains_nothing() {
    let (scope, other) = (scope(), scope());
    let (idle, busy, foreign) = (held(&scope), held(&scope), held(&other));
    // Shown at the claim, then at the release: every ordered pair.
    let cells = [&idle, &busy, &foreign];
    let pairs = cells.iter().flat_map(|shown| {
        cells
            .iter()
            .map(|meant| vec![Arc::clone(shown), Arc::clone(meant)])
    });
    let liars: Vec<_> = pairs
        .map(|cells| {
            Arc::new(Liar {
                cells,
                asked: AtomicUsize::new(0),
            })
        })
        .collect();
    let result = busy.call(|_| {
        sever(vec![cut(&scope)], |_| liars.iter().map(weak).collect());
        assert_eq!((busy.drops(), foreign.drops()), (0, 0), "in use, and live");
    });
    assert!(result.is_err());
    assert_eq!(foreign.call(|_| 7), Ok(7));
    drop(liars);
    assert!(Arc::into_inner(idle).is_some_and(|idle| idle.drops() <= 1));
    let drops = busy.drops.clone();
    drop(busy);
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn wait_ends_when_the_last_call_of_another_thread_has() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let ((entered, is_inside), (leave, told)) = (channel(), channel::<()>());
        thread::scope(|threads| {
            let caller = threads.spawn({
                let held = &held;
                move || {
                    held.call(|target| {
                        entered.send(()).unwrap();
                        told.recv().unwrap();
                        target.drops.load(SeqCst)
                    })
                }
            });
            is_inside.recv().unwrap();
            held.revoke();
            assert_eq!(held.drops(), 0, "in use");
            let soon = Instant::now() + Duration::from_millis(20);
            let Err(WaitFailure::TimedOut(running)) = scope.wait(Some(soon)) else {
                panic!("a call is running")
            };
            let [running] = &running[..] else {
                panic!("{running:?}")
            };
            assert_eq!(
                running.holder.method_name(running.method),
                ("Target", Some("call"))
            );
            assert_eq!(running.holder.cell().address(), held.cell().address());
            assert_eq!(format!("{running:?}"), "Running { method: 1, .. }");
            assert_eq!(scope.running().len(), 1);
            leave.send(()).unwrap();
            assert!(scope.wait(None).is_ok());
            assert_eq!(held.drops(), 1, "by the caller");
            assert!(caller.join().unwrap().is_err(), "withheld");
        });
        assert!(scope.running().is_empty());
        assert!(scope.wait(Some(Instant::now())).is_ok(), "over already");
    }
}

#[test]
fn wait_times_out_while_nothing_is_cut() {
    let scope = scope();
    let soon = Instant::now() + Duration::from_millis(5);
    assert!(
        matches!(scope.wait(Some(soon)), Err(WaitFailure::TimedOut(running)) if running.is_empty())
    );
    assert!(
        matches!(
            scope.wait(Some(Instant::now())),
            Err(WaitFailure::TimedOut(_))
        ),
        "the past"
    );
}

#[test]
fn wait_from_inside_a_call_is_refused_at_any_depth() {
    for scope in scopes(Options::default()) {
        let (held, other) = (held(&scope), held(&super::fixture::scope()));
        let outcome = other.call(|_| {
            let result = held.call(|_| {
                let inner = other.call(|_| {
                    held.revoke();
                    assert!(matches!(scope.wait(None), Err(WaitFailure::Inside)));
                });
                assert_eq!(inner, Ok(()));
            });
            assert!(result.is_err());
            scope.wait(None).is_ok()
        });
        assert_eq!(outcome, Ok(true), "no longer inside of this scope");
    }
}

/// Edit that makes it fail (it hangs): `isolate` does not notify; see the model `wait_from_inside_while_another_revokes`.
#[test]
fn wait_from_inside_is_refused_when_it_began_before_the_barrier() {
    let held = held(&scope());
    thread::scope(|threads| {
        let ((entered, is_inside), (go_on, told)) = (channel(), channel());
        let caller = threads.spawn({
            let held = &held;
            move || {
                held.call(|_| {
                    entered.send(()).unwrap();
                    told.recv().unwrap();
                    assert!(matches!(held.scope().wait(None), Err(WaitFailure::Inside)));
                })
            }
        });
        is_inside.recv().unwrap();
        let cut = cut(held.scope());
        go_on.send(()).unwrap();
        // Time to fall asleep; if it has not by then, the test shows less and passes.
        thread::sleep(Duration::from_millis(20));
        sever(vec![cut], |_| vec![weak(&held)]);
        assert!(caller.join().unwrap().is_err());
    });
    assert_eq!(held.drops(), 1);
}

#[test]
fn wait_in_the_drop_of_a_target_is_refused() {
    let scope = scope();
    let outcome = Arc::new(Mutex::new(None));
    let on_drop = {
        let (scope, outcome) = (Arc::downgrade(&scope), outcome.clone());
        move || *lock(&outcome) = scope.upgrade().map(|scope| scope.wait(None))
    };
    let held = held_with(&scope, Some(Box::new(on_drop)));
    held.revoke();
    assert!(matches!(*lock(&outcome), Some(Err(WaitFailure::Inside))));
    assert!(scope.wait(None).is_ok());
}

#[test]
fn drop_of_a_target_may_come_back_for_the_scope_and_its_cells() {
    let scope = scope();
    let first = Arc::new(Mutex::new(None::<Arc<Held>>));
    let on_drop = {
        let first = first.clone();
        move || {
            let first = lock(&first).clone().expect("set below");
            assert!(first.call(|_| ()).is_err());
            assert!(first.scope().cut(9).is_none());
            assert!(first.scope().running().is_empty());
        }
    };
    let second = held_with(&scope, Some(Box::new(on_drop)));
    *lock(&first) = Some(held(&scope));
    let first = lock(&first).clone().expect("set above");
    sever(vec![cut(&scope)], |_| vec![weak(&second), weak(&first)]);
    assert!(scope.wait(None).is_ok());
    assert_eq!((first.drops(), second.drops()), (1, 1));
}

#[test]
fn target_may_hold_its_own_cells_only_strong_reference() {
    let scope = scope();
    let slot = Arc::new(Mutex::new(None::<Arc<Held>>));
    let inner = slot.clone();
    let outer = held_with(&scope, Some(Box::new(move || drop(lock(&inner).take()))));
    let listed = weak(&outer);
    let drops = outer.drops.clone();
    *lock(&slot) = Some(outer);
    sever(vec![cut(&scope)], |_| vec![listed.clone()]);
    assert_eq!(drops.load(SeqCst), 1);
    assert!(listed.upgrade().is_none());
}

#[test]
fn new_cell_of_a_severed_scope_refuses_and_frees_with_itself() {
    let first = held(&scope());
    first.revoke();
    let drops = Arc::default();
    let target = Arc::new(Target {
        drops: Arc::clone(&drops),
        on_drop: None,
    });
    let late: Cell<Target, ()> = Cell::new(first.scope().clone(), target);
    assert!(late.call(0, |_| Ok(()), |_, refusal| refusal).is_err());
    drop(late);
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn locks_are_taken_over_from_a_thread_that_panicked() {
    let mutex = Arc::new(Mutex::new(7));
    let poisoner = mutex.clone();
    let outcome = thread::spawn(move || {
        let _guard = lock(&poisoner);
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(outcome.join().is_err());
    assert_eq!(*lock(&mutex), 7);
}

#[test]
fn isolated_targets_wait_for_free_or_for_whoever_waits_first() {
    for free_first in [true, false] {
        let held = held(&scope());
        assert!(!held.scope().is_drained());
        let isolated = isolate(vec![cut(held.scope())], |_| vec![weak(&held)]);
        assert!(!isolated.is_empty());
        assert_eq!(held.drops(), 0);
        if free_first {
            isolated.free();
            assert!(held.scope().wait(None).is_ok());
        } else {
            assert!(held.scope().wait(None).is_ok());
            assert_eq!(held.drops(), 1);
            isolated.free();
        }
        assert_eq!(held.drops(), 1);
        assert!(held.scope().is_drained());
    }
    isolate::<()>(Vec::new(), |_| unreachable!()).free();
    let isolated = isolate(vec![cut(&scope())], |_| Vec::new());
    assert!(isolated.is_empty(), "nothing to wait for either");
}

#[test]
fn thread_knows_whether_it_is_inside_a_severed_scope() {
    let (held, other) = (held(&scope()), held(&scope()));
    assert!(!held.scope().is_inside());
    let result = held.call(|_| {
        held.revoke();
        assert!(held.scope().is_inside());
        assert!(!other.scope().is_inside(), "not severed");
        assert_eq!(other.call(|_| held.scope().is_inside()), Ok(true));
        thread::scope(|threads| {
            let outside = threads.spawn(|| held.scope().is_inside());
            assert!(!outside.join().unwrap(), "another thread");
        });
    });
    assert!(result.is_err());
    assert!(!held.scope().is_inside());
}

/// Runs `f` in a drop that is inside so many others, the last one that is not put off.
fn in_a_deep_drop(f: impl FnOnce() + Send + 'static) {
    const LEVELS: usize = 64;
    let f = Mutex::new(Some(f));
    let mut held = held_with(
        &scope(),
        Some(Box::new(move || {
            if let Some(f) = lock(&f).take() {
                f();
            }
        })),
    );
    for _ in 1..LEVELS {
        let inner = Mutex::new(Some(held));
        held = held_with(&scope(), Some(Box::new(move || drop(lock(&inner).take()))));
    }
    drop(held);
}

/// Edit that makes it fail (the waiter is told that all is dropped): `reap` counts a target that was put off as freed; see
/// the model `put_off_and_wait`.
#[test]
fn wait_does_not_return_before_a_target_that_was_put_off_is_dropped() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let drops = held.drops.clone();
        let ((revoked, is_revoked), (go_on, told)) = (channel(), channel::<()>());
        let deep = thread::spawn(move || {
            in_a_deep_drop(move || {
                held.revoke();
                assert_eq!(held.drops(), 0, "too deep for a drop");
                assert!(!held.scope().is_drained());
                revoked.send(()).unwrap();
                told.recv().unwrap();
            });
        });
        is_revoked.recv().unwrap();
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(matches!(
            scope.wait(Some(soon)),
            Err(WaitFailure::TimedOut(running)) if running.is_empty()
        ));
        go_on.send(()).unwrap();
        assert!(scope.wait(None).is_ok());
        assert_eq!(drops.load(SeqCst), 1);
        deep.join().unwrap();
        assert!(scope.is_drained());
    }
}

/// Edits that make it fail (the thread waits for itself, or is told that all is dropped): `inside_one_of` does not ask
/// `owes`; `wait` does not, after it has reaped.
#[test]
fn who_put_off_a_drop_is_refused_to_wait_for_it() {
    for severed_before in [true, false] {
        let (told, outcome) = channel();
        let held = held(&scope());
        let drops = held.drops.clone();
        in_a_deep_drop(move || {
            let cut = cut(held.scope());
            let isolated = isolate(vec![cut], |_| vec![weak(&held)]);
            if severed_before {
                isolated.free();
                assert!(held.scope().is_inside());
                told.send(held.scope().wait(None)).unwrap();
            } else {
                assert!(!held.scope().is_inside());
                told.send(held.scope().wait(None)).unwrap();
                isolated.free();
            }
            assert_eq!(held.drops(), 0, "too deep for a drop");
        });
        assert!(matches!(outcome.recv(), Ok(Err(WaitFailure::Inside))));
        assert_eq!(drops.load(SeqCst), 1);
    }
}
