//! Random programs on a tree of grants with conditions, each call answered as a plain model says.
//!
//! A program derives, lends, calls (also from inside of calls), moves the clock, suspends, resumes and revokes. After each step
//! the model says what the membrane must have answered, and what must be left of every condition of every grant.

#[path = "grant_model/model.rs"]
mod model;
#[path = "grant_model/program.rs"]
mod program;
#[path = "grant_model/world.rs"]
mod world;

use model::Answer;
use program::{Program, UNIT};
use quickcheck::QuickCheck;
use std::cell::RefCell;
use std::time::Duration;
use world::{Tally, World};

/// Fails for every condition that is not asked of some level, not charged there, charged by a refusal, or not given back.
#[test]
fn grants_do_what_the_model_says() {
    #[expect(clippy::needless_pass_by_value, reason = "what `quickcheck` calls")]
    fn holds(program: Program) -> bool {
        let world = World::new();
        world.run(&program.0, 0);
        let tally = world.tally.take();
        TOTAL.with_borrow_mut(|total| {
            total.calls += tally.calls;
            total.nested += tally.nested;
            total.derived += tally.derived;
            total.not_derived += tally.not_derived;
            for (sum, refused) in total.refused.iter_mut().zip(tally.refused) {
                *sum += refused;
            }
        });
        true
    }
    thread_local! {
        static TOTAL: RefCell<Tally> = RefCell::default();
    }
    let programs = tests::sized(1_500, 20) as u64;
    QuickCheck::new()
        .tests(programs)
        .max_tests(programs)
        .quickcheck(holds as fn(Program) -> bool);
    let total = TOTAL.take();
    eprintln!(
        "{programs} programs: {} grants, {} refused; {} calls, {} of them inside of others; answers {:?}",
        total.derived, total.not_derived, total.calls, total.nested, total.refused
    );
    if programs >= 1_000 {
        assert!(total.nested > 100 && total.derived > 1_000 && total.not_derived > 100);
        for (index, count) in total.refused.iter().enumerate() {
            let named = index < 9 && index != membrane_condition_without_calls();
            assert!(!named || *count > 0, "answer {index} was never met");
        }
    }
}

/// No call of these is refused for want of a proxy: its arguments and results are data.
fn membrane_condition_without_calls() -> usize {
    Answer::Unmet(membrane::Condition::Proxies, None).index()
}

/// The time that the tests count in is not a whole number of milliseconds.
#[test]
fn unit_is_rounded_in_refusals() {
    assert_ne!(UNIT.as_nanos() % Duration::from_millis(1).as_nanos(), 0);
}
