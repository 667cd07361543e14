//! A field can cross.

use membrane::Passable;

#[derive(Passable)]
pub enum Entry {
    Empty,
    Open(std::fs::File),
}

fn main() {}
