//! An option stands on the type.

use membrane::Passable;

#[derive(Passable)]
#[passable(data)]
pub struct Entry(u64);

fn main() {}
