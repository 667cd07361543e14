//! What a guest or a peer sends: pools of nodes, the values that they mean, what becomes of those in Rust; and names of
//! objects.
//!
//! # What must hold
//!
//! - **Pools.** A pool is read if and only if it keeps the rules that [`runtime::wire`] states and the limits; what was wrong
//!   is said, and is so. What was read measures what the nodes do, and is written as the same nodes, level by level.
//! - **Values.** A value that is within the limits, and no other, is read back when it has been written.
//! - **Types.** A value that is as its type's description says is taken, and whatever is taken is given back so; taking a
//!   value and looking at it come to the same.
//! - **Names.** A handle finds the very object that it was given out for, in its own domain, until it is given up or the
//!   domain is closed; no other number finds anything.
//! - **Census.** When all is over, nobody holds an object, and no import is remembered.

pub mod handles;
pub mod judge;
pub mod pool;
pub mod tree;
pub mod typed;
pub mod world;

use crate::panics;
use arbitrary::{Arbitrary, Result as Made, Unstructured};
use world::World;

/// One of the four.
#[derive(Clone, Debug)]
pub enum Input {
    /// Any nodes.
    Pool(pool::Pool),
    /// A value that is written, and read back.
    Tree(tree::Tree),
    /// A value that is almost of a type.
    Typed(typed::Typed),
    /// Operations on names.
    Handles(handles::Program),
}

/// What inputs have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pools that were read, and had more nodes than values.
    pub nested: usize,
    /// Pools that were read, and had not.
    pub flat: usize,
    /// Pools that were refused for their form.
    pub malformed: usize,
    /// Pools that were refused for a limit.
    pub beyond: usize,
    /// Objects that were found for pools that were refused in the end.
    pub let_go: usize,
    /// Values that were of the type.
    pub taken: usize,
    /// Values that were not.
    pub mismatched: usize,
    /// Handles that found their object.
    pub found: usize,
    /// Handles that found nothing.
    pub nothing: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.nested += other.nested;
        self.flat += other.flat;
        self.malformed += other.malformed;
        self.beyond += other.beyond;
        self.let_go += other.let_go;
        self.taken += other.taken;
        self.mismatched += other.mismatched;
        self.found += other.found;
        self.nothing += other.nothing;
    }
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        Ok(match u.arbitrary::<u8>()? % 8 {
            0..=3 => Self::Pool(pool::Pool::arbitrary(u)?),
            4 => Self::Tree(tree::Tree::arbitrary(u)?),
            5 | 6 => Self::Typed(typed::Typed::arbitrary(u)?),
            _ => Self::Handles(handles::Program::arbitrary(u)?),
        })
    }
}

/// Runs the input that `bytes` mean. Bytes that mean none do nothing.
///
/// # Errors
///
/// What does not hold.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    tally(bytes).map(drop)
}

/// Runs an input, and tells what it has come to.
///
/// # Errors
///
/// What does not hold.
pub fn tally(bytes: &[u8]) -> Result<Tally, String> {
    let mut tally = Tally::default();
    if let Ok(input) = Input::arbitrary(&mut Unstructured::new(bytes)) {
        panics::run(|| check(&input, &mut tally))?;
    }
    Ok(tally)
}

fn check(input: &Input, tally: &mut Tally) {
    let world = World::new();
    match input {
        Input::Pool(pool) => judge::check(&world, pool, tally),
        Input::Tree(tree) => tree::check(&world, tree, tally),
        Input::Typed(typed) => typed::check(&world, typed, tally),
        Input::Handles(program) => handles::check(program, tally),
    }
    world.nothing_left();
}
