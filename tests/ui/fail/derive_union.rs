//! A value that crosses knows which field is set.

use membrane::Passable;

#[derive(Passable)]
pub union Amount {
    cents: u64,
    shares: u32,
}

fn main() {}
