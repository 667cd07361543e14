//! A result is owned.

use membrane::interface;

#[interface]
pub trait Account {
    fn name(&self) -> Result<String, membrane::Error>;
}

fn main() {}
