//! Interior mutability does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn count(&self, seen: &u64) -> Result<(), Error>;
}

fn main() {}
