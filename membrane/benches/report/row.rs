//! One line of the report.

use std::fmt::Display;

/// Prints a row whose measure is to be at most `limit`.
pub(crate) fn at_most(row: &str, measured: f64, limit: f64, unit: &str) {
    limited(row, measured, ("≤", limit), unit, measured <= limit);
}

/// Prints a row whose measure is to be at least `limit`.
pub(crate) fn at_least(row: &str, measured: f64, limit: f64, unit: &str) {
    limited(row, measured, ("≥", limit), unit, measured >= limit);
}

fn limited(row: &str, measured: f64, (sign, limit): (&str, f64), unit: &str, holds: bool) {
    let verdict = if holds { "ok" } else { "short" };
    println!("{row}\t{measured:.2}{unit}\t{sign} {limit:.2}{unit}\t{verdict}");
}

/// Prints a row that says how many allocations there were, where there must be none.
pub(crate) fn allocates_nothing(row: &str, allocations: usize) {
    let verdict = if allocations == 0 { "ok" } else { "short" };
    println!("{row}\t{allocations} allocations\t0 allocations\t{verdict}");
}

/// Prints a row that has no limit.
pub(crate) fn told(row: &str, measured: impl Display) {
    println!("{row}\t{measured}\t-\tok");
}

/// Prints a row that could not be measured, which is not a row that holds.
pub(crate) fn unknown(row: &str, why: &str, limit: &str) {
    println!("{row}\t{why}\t{limit}\tshort");
}
