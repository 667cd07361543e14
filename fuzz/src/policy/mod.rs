//! Policies from names, and policies derived from each other, against sets of names.
//!
//! # What must hold
//!
//! - A policy is built if, and only if, no name in it is unknown, ambiguous or given twice; otherwise every mistake is
//!   reported, in the order of the lines, and there is no policy.
//! - It allows exactly the pairs that were listed.
//! - Deriving reports exactly the methods and settings in which the derived policy is wider.
//! - Rules on arguments hold, in what derives from a policy too: see [`rules`].
//! - The text of an error names every mistake. Nothing panics.

pub mod known;
pub mod model;
pub mod names;
pub mod rights;
pub mod rules;

use crate::panics;
use arbitrary::{Arbitrary, Unstructured};

/// Runs the input that `bytes` mean. Bytes that mean none do nothing.
///
/// # Errors
///
/// What does not hold.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let mut u = Unstructured::new(bytes);
    let Ok(listing) = names::Listing::arbitrary(&mut u) else {
        return Ok(());
    };
    let pair = rights::Pair::arbitrary(&mut u).ok();
    let case = rules::Case::arbitrary(&mut u).ok();
    panics::run(|| {
        names::check(&listing);
        if let Some(pair) = pair {
            rights::check(&pair);
        }
        if let Some(case) = case {
            rules::check_case(&case);
        }
    })
}
