//! Panics of targets, of their drops, and of what they panic with.

use super::fixture::{held, held_with, scope, scopes};
use crate::{Options, Refusal, depth, drop_quietly, quietly};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

/// A payload whose drop panics with another one, and so on. Without size, so that what must be leaked takes no memory.
struct Endless;

impl Drop for Endless {
    fn drop(&mut self) {
        resume_unwind(Box::new(Self));
    }
}

const PROPAGATE: Options = Options {
    depth_limit: 8,
    propagate_panics: true,
};

#[test]
fn panic_becomes_an_error_and_leaves_the_cell_usable() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        for _ in 0..2 {
            assert_eq!(
                held.call_panicking(|_| resume_unwind(Box::new("foreign"))),
                Refusal::Panicked
            );
            assert_eq!(depth(), 0);
        }
        assert_eq!(held.call(|_| 7), Ok(7));
        held.revoke();
        assert_eq!(held.drops(), 1);
    }
}

#[test]
fn payload_that_panics_when_dropped_gets_no_further() {
    let held = held(&scope());
    assert_eq!(
        held.call_panicking(|_| resume_unwind(Box::new(Endless))),
        Refusal::Panicked
    );
    assert_eq!(held.call(|_| 7), Ok(7));
}

#[test]
fn propagated_panic_is_a_fresh_one_and_leaves_no_frame() {
    for scope in scopes(PROPAGATE) {
        let held = held(&scope);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            held.call_panicking(|_| {
                let refusal = held.call_panicking(|_| panic_any(Endless));
                unreachable!("{refusal:?} instead of a panic")
            })
        }));
        let payload = caught.expect_err("propagated");
        assert_eq!(
            payload.downcast_ref::<&str>(),
            Some(&"a call through a membrane panicked")
        );
        assert_eq!(depth(), 0);
        assert_eq!(held.call(|_| 7), Ok(7));
        held.revoke();
        assert_eq!(held.drops(), 1);
    }
}

#[test]
fn propagated_panic_is_withheld_after_the_cut() {
    for scope in scopes(PROPAGATE) {
        let held = held(&scope);
        let refusal = held.call_panicking(|_| {
            held.revoke();
            panic_any("foreign")
        });
        assert_eq!(refusal, Refusal::Revoked);
        assert_eq!(held.drops(), 1);
        assert_eq!(depth(), 0);
    }
}

#[test]
fn target_that_panics_when_dropped_is_freed_by_the_revoker_or_by_the_last_caller() {
    let on_drop = || -> Option<Box<dyn Fn() + Send + Sync>> {
        Some(Box::new(|| resume_unwind(Box::new(Endless))))
    };
    let held = held_with(&scope(), on_drop());
    held.revoke();
    assert_eq!(held.drops(), 1);
    assert!(held.scope().wait(None).is_ok());
    let held = held_with(&scope(), on_drop());
    assert_eq!(held.call(|_| held.revoke()), Err(Refusal::Revoked));
    assert_eq!(held.drops(), 1);
    assert!(held.scope().wait(None).is_ok());
}

#[test]
fn quietly_gives_the_result_or_nothing() {
    assert_eq!(quietly(|| 7), Some(7));
    assert_eq!(quietly(|| resume_unwind(Box::new("foreign"))), None::<()>);
    assert_eq!(quietly(|| resume_unwind(Box::new(Endless))), None::<()>);
    drop_quietly(Endless);
}
