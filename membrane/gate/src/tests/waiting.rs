//! The waiter's time, and how many wait.

use super::fixture::{held, scopes};
use crate::{Options, Scope, WaitFailure};
use std::sync::mpsc::channel;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// Whether so many threads are asleep, as shown to people who debug.
fn shows_asleep(scope: &Scope<()>, threads: u32) -> bool {
    format!("{scope:?}").contains(&format!("asleep: {threads} "))
}

/// Edits that make it fail: `sleep` takes what is left of the time for none; it does not count down when it wakes.
#[test]
fn wait_with_a_deadline_lasts_until_the_call_has_ended() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let ((entered, is_inside), (leave, told)) = (channel(), channel::<()>());
        thread::scope(|threads| {
            let (scope, inside) = (&scope, &held);
            let caller = threads.spawn(move || {
                inside.call(|_| {
                    entered.send(()).unwrap();
                    told.recv().unwrap();
                })
            });
            is_inside.recv().unwrap();
            held.revoke();
            let waiters = [(); 2].map(|()| {
                let far = Instant::now() + Duration::from_mins(1);
                threads.spawn(move || scope.wait(Some(far)))
            });
            while !shows_asleep(scope, 2) && !waiters.iter().any(ScopedJoinHandle::is_finished) {
                thread::yield_now();
            }
            leave.send(()).unwrap();
            assert!(caller.join().unwrap().is_err(), "withheld");
            for waiter in waiters {
                assert!(waiter.join().unwrap().is_ok());
            }
        });
        assert!(shows_asleep(&scope, 0));
    }
}

#[test]
fn wait_lasts_until_its_deadline() {
    for scope in scopes(Options::default()) {
        let (start, time) = (Instant::now(), Duration::from_millis(20));
        assert!(matches!(
            scope.wait(Some(start + time)),
            Err(WaitFailure::TimedOut(_))
        ));
        assert!(start.elapsed() >= time);
        assert!(shows_asleep(&scope, 0));
    }
}
