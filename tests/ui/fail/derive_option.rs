//! The options of the derive are three.

use membrane::Passable;

#[derive(Passable)]
#[passable(bare)]
pub struct Entry(u64);

fn main() {}
