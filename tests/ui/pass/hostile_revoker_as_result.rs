//! A handle does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self) -> Result<u64, Error>;
}

fn main() {}
