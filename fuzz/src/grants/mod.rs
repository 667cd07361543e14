//! Trees of grants with conditions, against the model that the tests of the workspace have.
//!
//! A program derives, lends, calls (also from inside of calls), moves a clock, suspends, resumes and revokes. After each step the
//! model says what the membrane must have answered, and what must be left of every condition of every grant.

mod bytes;
#[allow(dead_code, reason = "what the tests count")]
#[path = "../../../tests/grant_model/model.rs"]
mod model;
#[allow(dead_code, reason = "what the tests make programs by")]
#[path = "../../../tests/grant_model/program.rs"]
mod program;
#[path = "../../../tests/grant_model/world.rs"]
mod world;

use crate::panics;
use arbitrary::Unstructured;

/// Runs the program that `bytes` mean. Bytes that mean none do nothing.
///
/// # Errors
///
/// What does not hold.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    run_counting(bytes).map(drop)
}

/// How far a program got: grants that were derived, and refused; calls, and how many of them were inside of others.
pub type Reached = [usize; 4];

/// The same, and tells how far the program got.
///
/// # Errors
///
/// What does not hold.
pub fn run_counting(bytes: &[u8]) -> Result<Reached, String> {
    let Ok(ops) = bytes::program(&mut Unstructured::new(bytes)) else {
        return Ok([0; 4]);
    };
    let mut reached = [0; 4];
    panics::run(|| {
        let world = world::World::new();
        world.run(&ops, 0);
        let tally = world.tally.take();
        reached = [tally.derived, tally.not_derived, tally.calls, tally.nested];
    })
    .map_err(|finding| format!("{finding}\n{ops:?}"))?;
    Ok(reached)
}
