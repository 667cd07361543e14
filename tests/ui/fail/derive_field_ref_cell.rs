//! Interior mutability does not cross.

use membrane::Passable;

#[derive(Passable)]
pub struct Entry {
    pub key: u64,
    pub value: std::cell::RefCell<u64>,
}

fn main() {}
