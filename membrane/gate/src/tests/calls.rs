//! A call, on one thread: what goes through, what is refused, what is withheld.

use super::fixture::{Target, cut, held, held_with, scope, scopes, weak};
use crate::sync::SeqCst;
use crate::{Cell, Options, Refusal, Scope, depth, sever};
use std::sync::Arc;

#[test]
fn call_reaches_the_target_in_either_mode() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        for turn in 0..3 {
            assert_eq!(
                held.call(|target| target.drops.load(SeqCst) + turn),
                Ok(turn)
            );
        }
        let error = held
            .cell
            .call(1, |_| Err::<(), _>("the target's own"), |_, _| "refused");
        assert_eq!(error, Err("the target's own"));
    }
}

#[test]
fn results_of_every_size_come_through() {
    #[expect(clippy::needless_pass_by_value, reason = "shorter where it is used")]
    fn check<R: Clone + PartialEq + std::fmt::Debug>(value: R) {
        for scope in scopes(Options::default()) {
            let held = held(&scope);
            assert_eq!(held.call(|_| value.clone()), Ok(value.clone()));
            assert_eq!(
                held.cell
                    .call(1, |_| Err::<(), R>(value.clone()), |_, _| unreachable!()),
                Err(value.clone())
            );
            let withheld = held.call(|_| {
                held.revoke();
                value.clone()
            });
            assert_eq!(withheld, Err(Refusal::Revoked));
        }
    }
    check(());
    check(7_u8);
    check([7_u8; 3]);
    check(u64::MAX);
    check(String::from("a word more than fits"));
    check((Some(Box::new(7)), 7_u16));
    check([7_u64; 8]);
    check([7_u64; 9]);
    check(vec![[7_u8; 33]; 4]);
    check(u128::MAX);
}

#[test]
fn result_is_withheld_and_dropped_when_the_call_revokes() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let result = held.call(|_| {
            held.revoke();
            assert_eq!(held.drops(), 0, "in use");
            Target {
                drops: held.drops.clone(),
                on_drop: Some(Box::new(|| panic!("foreign"))),
            }
        });
        assert_eq!(result.err(), Some(Refusal::Revoked));
        assert_eq!(held.drops(), 2, "the target, and the result");
    }
}

#[test]
fn error_is_withheld_like_a_result() {
    let held = held(&scope());
    let result = held.cell.call(
        1,
        |_| {
            held.revoke();
            Err::<(), _>("the target's own")
        },
        |_, _| "refused",
    );
    assert_eq!(result, Err("refused"));
}

#[test]
fn call_after_the_cut_is_refused_before_and_after_the_target_is_freed() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let cut = cut(&scope);
        let refused = held
            .cell
            .call(1, |_| Ok(()), |scope, refusal| (scope.reason(), refusal));
        assert_eq!(refused, Err((7, Refusal::Revoked)));
        assert_eq!(held.drops(), 0);
        sever(vec![cut], |_| vec![weak(&held)]);
        assert_eq!(held.drops(), 1);
        assert_eq!(held.call(|_| ()), Err(Refusal::Revoked));
        assert_eq!(depth(), 0);
    }
}

#[test]
fn call_is_refused_beyond_the_depth_limit_and_possible_again_after() {
    fn nest(held: &super::fixture::Held, levels: usize) -> Result<usize, Refusal> {
        held.call(|_| nest(held, levels + 1))
            .unwrap_or_else(|refusal| {
                assert_eq!(refusal, Refusal::TooDeep);
                assert_eq!(depth(), levels);
                Ok(levels)
            })
    }
    // Around the ends of the head and of the first chunk.
    let limits: &[u32] = if cfg!(miri) {
        &[1, 2, 8, 9, 41]
    } else {
        &[1, 2, 7, 8, 9, 10, 40, 41, 100]
    };
    for &depth_limit in limits {
        for scope in scopes(Options {
            depth_limit,
            ..Options::default()
        }) {
            let held = held(&scope);
            for _ in 0..2 {
                assert_eq!(nest(&held, 0), Ok(depth_limit as usize));
                assert_eq!(depth(), 0);
            }
        }
    }
}

#[test]
fn depth_limit_of_zero_is_one() {
    std::thread::spawn(|| {
        for scope in scopes(Options {
            depth_limit: 0,
            ..Options::default()
        }) {
            assert_eq!(scope.options().depth_limit, 1);
            let held = held(&scope);
            for _ in 0..2 {
                assert_eq!(held.call(|_| held.call(|_| ())), Ok(Err(Refusal::TooDeep)));
            }
        }
    })
    .join()
    .unwrap();
}

#[test]
fn depth_is_counted_over_all_scopes() {
    let (outer, inner) = (
        held(&scope()),
        held(&Arc::new(Scope::new(
            Options {
                depth_limit: 2,
                ..Options::default()
            },
            (),
        ))),
    );
    let result = outer.call(|_| {
        assert_eq!(depth(), 1);
        inner.call(|_| {
            assert_eq!(depth(), 2);
            (inner.call(|_| ()), outer.call(|_| depth()))
        })
    });
    assert_eq!(result, Ok(Ok((Err(Refusal::TooDeep), Ok(3)))));
}

#[test]
fn frames_are_found_again_after_calls_of_every_depth() {
    fn nest(held: &super::fixture::Held, levels: usize) {
        held.call(|_| {
            if levels > 1 {
                nest(held, levels - 1);
            }
            // A short call at each level on the way back: the hint must not run away.
            held.call(|_| ()).unwrap();
        })
        .unwrap();
    }
    let held = held(&scope());
    for levels in [1, 9, 3, 45, 2, 80, 1] {
        nest(&held, levels);
        assert_eq!(depth(), 0);
    }
}

#[test]
fn pin_gives_the_target_itself_until_the_cut() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        let pinned = held
            .cell
            .pin()
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
        assert_eq!(
            held.call(|target| std::ptr::eq(target, &raw const *pinned)),
            Ok(true)
        );
        held.revoke();
        assert_eq!(held.drops(), 0, "pinned");
        assert_eq!(held.cell.pin().err(), Some(Refusal::Revoked));
        drop(pinned);
        assert_eq!(held.drops(), 1);
    }
}

#[test]
fn pin_is_refused_beyond_the_depth_limit() {
    let held = held(&Arc::new(Scope::new(
        Options {
            depth_limit: 1,
            ..Options::default()
        },
        (),
    )));
    assert_eq!(
        held.call(|_| held.cell.pin().err()),
        Ok(Some(Refusal::TooDeep))
    );
}

#[test]
fn cell_tells_its_scope_and_address_and_shows_nothing_of_its_target() {
    let scope = scope();
    let target = Arc::new(Target::default());
    let address = Arc::as_ptr(&target).addr();
    let mut cell = Cell::new(scope.clone(), target);
    assert!(Arc::ptr_eq(cell.scope(), &scope));
    assert_eq!(cell.target_address(), Some(address));
    assert_eq!(format!("{cell:?}"), "Cell { .. }");
    let mut held = held(&scope);
    held.revoke();
    let only = Arc::get_mut(&mut held).expect("the pass has let go");
    assert_eq!(only.cell.target_address(), None);
}

#[test]
fn unsized_targets_are_called_and_dropped() {
    trait Speak: Send + Sync {
        fn speak(&self) -> usize;
    }
    impl Speak for Target {
        fn speak(&self) -> usize {
            self.drops.load(SeqCst) + 42
        }
    }
    let target = Target::default();
    let drops = target.drops.clone();
    let spoken: Cell<dyn Speak, ()> = Cell::new(scope(), Arc::new(target));
    assert_eq!(
        spoken.call(0, |target| Ok(target.speak()), |_, refusal| refusal),
        Ok(42)
    );
    drop(spoken);
    assert_eq!(drops.load(SeqCst), 1);
    let text: Cell<str, ()> = Cell::new(scope(), Arc::from("text"));
    assert_eq!(
        text.call(0, |text| Ok(text.len()), |_, refusal| refusal),
        Ok(4)
    );
}

#[test]
fn dropping_a_cell_drops_its_target_and_a_panic_ends_there() {
    let held = held_with(&scope(), Some(Box::new(|| panic!("foreign"))));
    let drops = held.drops.clone();
    drop(held);
    assert_eq!(drops.load(SeqCst), 1);
}
