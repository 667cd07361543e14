//! Interior mutability does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: u64) -> Result<(), Error>;
}

fn main() {}
