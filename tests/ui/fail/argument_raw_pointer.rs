//! A raw pointer does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: *const u8) -> Result<(), Error>;
}

fn main() {}
