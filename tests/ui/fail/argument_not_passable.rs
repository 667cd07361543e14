//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::fs::File) -> Result<(), Error>;
}

fn main() {}
