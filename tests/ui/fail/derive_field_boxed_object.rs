//! A field can cross.

use membrane::Passable;

#[derive(Passable)]
pub struct Entry {
    pub key: u64,
    pub value: Box<dyn std::any::Any + Send>,
}

fn main() {}
