//! A field can cross.

use membrane::Passable;

#[derive(Passable)]
pub struct Entry {
    pub key: u64,
    pub value: u64,
}

fn main() {}
