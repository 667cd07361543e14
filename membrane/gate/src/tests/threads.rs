//! Threads that come and go: frames used again, and calls while a thread's thread-locals are being destroyed.

use super::fixture::{Held, cut, held, held_with, scope, scopes, weak};
use crate::frames::{frames_in_all, has_frames};
use crate::sync::{Mutex, MutexGuard, SeqCst, lock};
use crate::{Options, Refusal, Scope, WaitFailure, depth, sever};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

/// Only one test at a time ends threads: what is counted and who gets which orphan frame is the process's.
static ONE: Mutex<()> = Mutex::new(());

fn one_at_a_time() -> MutexGuard<'static, ()> {
    lock(&ONE)
}

/// Runs when its thread-local is destroyed.
struct AtEnd(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

thread_local! {
    static AT_END: AtEnd = const { AtEnd(RefCell::new(None)) };
}

/// A thread that runs something as it ends.
struct Ending(thread::JoinHandle<()>, Receiver<thread::Result<()>>);

impl Ending {
    fn join(self) {
        self.0.join().unwrap();
        self.1
            .recv()
            .unwrap()
            .unwrap_or_else(|payload| resume_unwind(payload));
    }
}

/// A thread that runs `f` as it ends, when it still has its frames or has them no more.
fn at_end_of_thread(frames: bool, f: impl FnOnce() + Send + 'static) -> Ending {
    let (report, outcome) = channel();
    let f = Box::new(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            assert_eq!(
                has_frames(),
                frames,
                "destructors run in the reverse of the order in which they were registered"
            );
            f();
        }));
        // Nobody hears it once the test has failed.
        let _ = report.send(outcome);
    });
    let thread = thread::spawn(move || {
        let register = |f| AT_END.with(|at_end| *at_end.0.borrow_mut() = Some(f));
        if frames {
            first_call();
            register(f);
        } else {
            register(f);
            first_call();
        }
    });
    Ending(thread, outcome)
}

fn first_call() {
    assert_eq!(held(&scope()).call(|_| depth()), Ok(1));
}

#[test]
fn frames_of_ended_threads_are_used_again() {
    let _one = one_at_a_time();
    let held = held(&scope());
    let run = || {
        thread::scope(|threads| {
            threads
                .spawn(|| assert_eq!(held.call(|_| held.call(|_| depth())), Ok(Ok(2))))
                .join()
                .unwrap();
        });
    };
    run();
    let before = frames_in_all();
    for _ in 0..20 {
        run();
    }
    // Tests of other files start threads, too: not one for each of these.
    assert!(frames_in_all() < before + 20);
}

#[test]
fn thread_that_ends_calls_in_either_order_of_destruction() {
    let _one = one_at_a_time();
    for frames in [true, false] {
        for scope in scopes(Options::default()) {
            let held = held(&scope);
            let inside = held.clone();
            at_end_of_thread(frames, move || {
                for _ in 0..2 {
                    assert_eq!(
                        inside.call(|_| (depth(), inside.call(|_| depth()))),
                        Ok((1, Ok(2)))
                    );
                }
                assert_eq!(depth(), 0);
                assert_eq!(
                    inside.call_panicking(|_| resume_unwind(Box::new("foreign"))),
                    Refusal::Panicked
                );
            })
            .join();
            assert_eq!(held.call(|_| 7), Ok(7));
            held.revoke();
            assert_eq!(held.drops(), 1);
        }
    }
}

#[test]
fn call_of_a_thread_that_ends_keeps_its_target_alive() {
    let _one = one_at_a_time();
    for frames in [true, false] {
        let held = held(&scope());
        let ((entered, is_inside), (leave, told)) = (channel(), channel::<()>());
        let inside = held.clone();
        let thread = at_end_of_thread(frames, move || {
            let result = inside.call(|_| {
                entered.send(()).unwrap();
                told.recv().unwrap();
                assert_eq!(inside.drops(), 0, "in use");
            });
            assert_eq!(result, Err(Refusal::Revoked));
            assert_eq!(inside.drops(), 1, "by the last caller");
        });
        is_inside.recv().unwrap();
        held.revoke();
        assert_eq!(held.drops(), 0, "in use");
        assert_eq!(held.scope().running().len(), 1);
        leave.send(()).unwrap();
        thread.join();
        assert!(held.scope().wait(None).is_ok());
    }
}

/// Edit that makes it fail (the orphan waits for itself): `frames::mine` does not look at the orphan frames.
#[test]
fn thread_that_ends_is_refused_to_wait_for_itself() {
    let _one = one_at_a_time();
    for frames in [true, false] {
        let held = held(&scope());
        let inside = held.clone();
        at_end_of_thread(frames, move || {
            let result = inside.call(|_| {
                inside.revoke();
                assert!(matches!(
                    inside.scope().wait(None),
                    Err(WaitFailure::Inside)
                ));
            });
            assert!(result.is_err());
        })
        .join();
        assert_eq!(held.drops(), 1);
    }
}

/// Edit that makes it fail (the one is taken to be inside of the other's call): `frames::this_thread` says the same on all
/// threads.
#[test]
fn threads_that_end_at_once_are_inside_of_their_own_calls_only() {
    let _one = one_at_a_time();
    let held = held(&scope());
    let ((entered, is_inside), (leave, told)) = (channel(), channel::<()>());
    let inside = held.clone();
    let one = at_end_of_thread(false, move || {
        let result = inside.call(|_| {
            entered.send(()).unwrap();
            told.recv().unwrap();
            assert_eq!(depth(), 1);
        });
        assert_eq!(result, Err(Refusal::Revoked));
    });
    is_inside.recv().unwrap();
    let outside = held.clone();
    at_end_of_thread(false, move || {
        assert_eq!(depth(), 0);
        first_call();
        outside.revoke();
        assert!(!outside.scope().is_inside());
        assert!(matches!(
            outside.scope().wait(Some(Instant::now())),
            Err(WaitFailure::TimedOut(running)) if running.len() == 1
        ));
    })
    .join();
    leave.send(()).unwrap();
    one.join();
    assert_eq!(held.drops(), 1);
}

/// Edit that makes it fail: `frames::orphan` does not look at the limit.
#[test]
fn thread_that_ends_has_a_depth_limit() {
    fn nest(held: &Held, levels: u32) -> u32 {
        held.call(|_| nest(held, levels + 1)).unwrap_or(levels)
    }
    let _one = one_at_a_time();
    for frames in [true, false] {
        let scope = Arc::new(Scope::new(
            Options {
                depth_limit: 5,
                ..Options::default()
            },
            (),
        ));
        let held = held(&scope);
        at_end_of_thread(frames, move || assert_eq!(nest(&held, 0), 5)).join();
    }
}

#[test]
fn orphan_frames_run_out_with_an_error() {
    fn nest(held: &Held, levels: usize) -> usize {
        held.call(|_| nest(held, levels + 1)).unwrap_or(levels)
    }
    let _one = one_at_a_time();
    let scope = Arc::new(Scope::new(
        Options {
            depth_limit: u32::MAX,
            ..Options::default()
        },
        (),
    ));
    let held = held(&scope);
    at_end_of_thread(false, move || {
        let levels = nest(&held, 0);
        assert_eq!(levels, crate::frames::ORPHAN_SLOTS);
        assert_eq!(nest(&held, 0), levels, "all given back");
    })
    .join();
}

/// A propagated panic that is withheld used to clear its frame twice. By the second time an orphan frame was another
/// thread's, whose target was then dropped while in use.
///
/// Edit that makes it fail: `panicked` clears the frame and then returns.
#[test]
fn withheld_panic_on_an_orphan_frame_leaves_the_next_user_of_the_frame_alone() {
    let _one = one_at_a_time();
    let (second_may_start, start_second): (Sender<()>, Receiver<()>) = channel();
    let (second_is_inside, first_may_go_on) = channel();
    let (first_is_gone, told) = channel::<()>();
    let first_may_go_on = Mutex::new(first_may_go_on);
    // The target of the first cell is dropped between the two times, on the first thread.
    let first = held_with(
        &Arc::new(Scope::new(
            Options {
                propagate_panics: true,
                ..Options::default()
            },
            (),
        )),
        Some(Box::new(move || {
            second_may_start.send(()).unwrap();
            lock(&first_may_go_on).recv().unwrap();
        })),
    );
    let second = held(&scope());
    let second_thread = {
        let second = second.clone();
        at_end_of_thread(false, move || {
            start_second.recv().unwrap();
            let result = second.call(|_| {
                second_is_inside.send(()).unwrap();
                told.recv().unwrap();
                // On this thread, so that the frame is what keeps the target, not luck.
                sever(vec![cut(second.scope())], |_| vec![weak(&second)]);
                assert_eq!(second.drops(), 0, "in use");
            });
            assert_eq!(result, Err(Refusal::Revoked));
        })
    };
    at_end_of_thread(false, move || {
        let refusal = first.call_panicking(|_| {
            first.revoke();
            resume_unwind(Box::new("foreign"))
        });
        assert_eq!(refusal, Refusal::Revoked);
        assert_eq!(first.drops.load(SeqCst), 1);
        first_is_gone.send(()).unwrap();
    })
    .join();
    second_thread.join();
    assert_eq!(second.drops(), 1);
}
