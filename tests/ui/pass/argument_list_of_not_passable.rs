//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Vec<u32>) -> Result<(), Error>;
}

fn main() {}
