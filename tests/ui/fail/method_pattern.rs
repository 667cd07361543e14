//! An argument has a name.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add(&self, (amount, _): (u64, u64)) -> Result<(), Error>;
}

fn main() {}
