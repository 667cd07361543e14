//! A result is owned.

use membrane::interface;

#[interface]
pub trait Account {
    fn name(&self) -> &str;
}

fn main() {}
