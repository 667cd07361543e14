//! The options of the derive are three.

use membrane::Passable;

#[derive(Passable)]
#[passable(data)]
pub struct Entry(u64);

fn main() {}
