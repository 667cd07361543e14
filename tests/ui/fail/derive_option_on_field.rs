//! An option stands on the type.

use membrane::Passable;

#[derive(Passable)]
pub struct Entry(#[passable(data)] u64);

fn main() {}
