//! A field can cross.

use membrane::Passable;

#[derive(Passable)]
pub struct Entry {
    pub key: u64,
    pub value: std::sync::Arc<Vec<u8>>,
}

fn main() {}
